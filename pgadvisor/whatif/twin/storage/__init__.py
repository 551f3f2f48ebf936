"""Relation files of any length, and the few pages of them that are read."""
