"""Writes migrations and reports."""
