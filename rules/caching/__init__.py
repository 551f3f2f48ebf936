"""Rules about what is read from storage, and what could be kept."""
