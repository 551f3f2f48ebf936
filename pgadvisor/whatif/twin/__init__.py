"""The planner twin: the schema and the statistics of a database, without its rows."""

from pgadvisor.whatif.twin.twin import Twin

__all__ = ["Twin"]
