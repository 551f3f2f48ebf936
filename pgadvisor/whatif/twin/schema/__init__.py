"""The snapshot's objects in the twin."""
