"""What the planner would do if the database were different."""
