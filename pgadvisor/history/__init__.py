"""Snapshots of one database over time."""
