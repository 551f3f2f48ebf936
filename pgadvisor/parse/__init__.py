"""Everything that knows the SQL grammar: pglast, sqlglot, EXPLAIN output."""
