"""Rules about tables and their columns."""
