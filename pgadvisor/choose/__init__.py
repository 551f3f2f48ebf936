"""Chooses the set of changes that pays best."""
