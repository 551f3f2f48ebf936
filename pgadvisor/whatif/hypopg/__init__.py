"""HypoPG: hypothetical indexes on a server of the user's own that has the extension."""

from pgadvisor.whatif.hypopg.hypopg import HypoPG

__all__ = ["HypoPG"]
