"""Runs the rules over a snapshot."""
