"""Rules about vacuum, analyze and bloat."""
