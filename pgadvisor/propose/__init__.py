"""Proposes changes that are worth costing."""
