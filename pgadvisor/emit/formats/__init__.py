"""Migrations in the formats of migration tools."""
