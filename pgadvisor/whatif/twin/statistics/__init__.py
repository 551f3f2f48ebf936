"""The snapshot's statistics in the twin, and those that follow from them."""
