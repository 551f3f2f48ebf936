"""The one place where identifiers are quoted and typed actions become SQL text."""
