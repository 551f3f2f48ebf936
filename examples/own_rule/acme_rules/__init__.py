"""Rules of Acme for pgadvisor: one folder for each category."""
