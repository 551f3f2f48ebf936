"""Tests of the planner twin, on real databases."""
