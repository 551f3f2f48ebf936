"""Rules about the text of statements."""
