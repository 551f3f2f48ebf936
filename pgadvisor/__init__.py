"""pgadvisor: PostgreSQL tuning advice with its proof, and the migration that carries it out."""
