"""The planner twin: the schema and the statistics of a database, without its rows."""
