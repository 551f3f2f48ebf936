"""Statements written differently: what PostgreSQL can serve better, and what people read better.

Each rewrite is parsed again before it is returned; None says that there is none.  What a rewrite
rests on, it says; tests hold both texts against a server, over rows made to break them.
"""

from pgadvisor.parse.pretty import pretty
from pgadvisor.parse.rewrite.array import any_array
from pgadvisor.parse.rewrite.changes_only import changes_only
from pgadvisor.parse.rewrite.count import exists_for_count
from pgadvisor.parse.rewrite.date_range import sargable_range
from pgadvisor.parse.rewrite.disjoint_union import disjoint_union
from pgadvisor.parse.rewrite.fan_out import exists_for_join
from pgadvisor.parse.rewrite.keyset import keyset_template
from pgadvisor.parse.rewrite.not_in import not_exists
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.skip_locked import with_skip_locked
from pgadvisor.parse.rewrite.union_all import union_all

__all__ = [
    "Rewritten",
    "any_array",
    "changes_only",
    "disjoint_union",
    "exists_for_count",
    "exists_for_join",
    "keyset_template",
    "not_exists",
    "pretty",
    "sargable_range",
    "union_all",
    "with_skip_locked",
]
