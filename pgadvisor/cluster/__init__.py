"""Embedded PostgreSQL servers: their binaries, their start, their certain end."""
