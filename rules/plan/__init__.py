"""Executed plans: where the time of a statement goes, and why."""
