"""Standbys, each of which counts what runs on it, and nothing else does."""
