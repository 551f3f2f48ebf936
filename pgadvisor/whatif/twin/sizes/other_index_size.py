"""How large indexes other than btrees will be, whatever their kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from pgadvisor.whatif.twin.sizes.brin_size import brin_pages
from pgadvisor.whatif.twin.sizes.gin_size import gin_size
from pgadvisor.whatif.twin.sizes.hash_size import hash_pages
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.sizes.tree_size import gist_pages, spgist_pages
from pgadvisor.whatif.twin.sizes.vector_size import bloom_pages, hnsw_pages, ivfflat_pages

_MODELS: Mapping[str, Callable[[IndexShape], float]] = {
    "hash": hash_pages,
    "brin": brin_pages,
    "gin": lambda shape: gin_size(shape).pages,
    "gist": gist_pages,
    "spgist": spgist_pages,
    "bloom": bloom_pages,
    "hnsw": hnsw_pages,
    "ivfflat": ivfflat_pages,
}


def other_index_pages(shape: IndexShape) -> int:
    """Predict the pages of an index that is no btree; one of an unknown kind is like GiST."""
    model = _MODELS.get(shape.access_method, gist_pages)
    return max(math.ceil(model(shape)), 1)
