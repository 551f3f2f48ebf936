"""Server logs: what was run, how long it took, and with which values; a stream, never a list."""

from pgadvisor.logs.read import read_logs

__all__ = ["read_logs"]
