"""Plans that were made before, by the part of the configuration that their statement can see."""

from __future__ import annotations

import threading
from collections.abc import Collection

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.whatif.backend import Configuration, NotPlanned

_MAX_PLANS = 50_000


_Settled = tuple[str, tuple[tuple[str, str], ...]]
"""A statement, and the settings that it is planned under."""


Key = tuple[str, frozenset[IndexDefinition], frozenset[int], tuple[tuple[str, str], ...]]
"""A statement, and what of a configuration it can see."""


class PlanCache:
    """Plans of one twin.

    An index on a table that a statement does not touch makes no difference to it, whatever else
    the configuration has.  What a statement touches, through views, functions and partitions, is
    what its planning has locked; settings, of which one is the search path, may change that.
    Threads may share it.

    Args:
        catalog: The snapshot.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._plans: dict[Key, Plan | NotPlanned] = {}
        self._touched: dict[_Settled, frozenset[int]] = {}
        self._seen_from: dict[int, frozenset[int]] = {}
        self._keeping = threading.Lock()

    def find(self, statement: str, configuration: Configuration) -> Plan | NotPlanned | None:
        """The plan that was made before under that configuration, or one that comes to the same."""
        return self._plans.get(self.key(statement, configuration))

    def keep(
        self,
        statement: str,
        configuration: Configuration,
        outcome: Plan | NotPlanned,
        touched: Collection[int] | None,
    ) -> None:
        """Keep a plan.

        Args:
            statement: The statement.
            configuration: Under which it was planned.
            outcome: What the planner said.
            touched: OIDs, in the snapshot, of the relations that planning has locked; None: that
                is not known, and each configuration counts by itself.
        """
        with self._keeping:
            if touched is not None:
                settled = statement, configuration.settings
                self._touched.setdefault(settled, frozenset(touched))
            if len(self._plans) >= _MAX_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[self.key(statement, configuration)] = outcome

    def clear(self) -> None:
        """Forget all of it."""
        self._plans.clear()
        self._touched.clear()

    def key(self, statement: str, configuration: Configuration) -> Key:
        """What a plan is kept under: the same for all that come to the same, as far as is known."""
        create, drop, settings = configuration.create, configuration.drop, configuration.settings
        touched = self._touched.get((statement, settings)) if create or drop else None
        if touched is not None:
            create = frozenset([d for d in create if self._is_seen(d, touched)])
            drop = frozenset([o for o in drop if self._is_seen(o, touched)])
        return statement, create, drop, settings

    def _is_seen(self, index: IndexDefinition | int, touched: frozenset[int]) -> bool:
        if isinstance(index, IndexDefinition):
            return not touched.isdisjoint(self._places(index.table_oid))
        known = self._catalog.indexes.get(index)
        return known is None or not touched.isdisjoint(self._places(known.table_oid))

    def _places(self, table_oid: int) -> frozenset[int]:
        """Where an index on a table can be seen from.

        That is the table, its partitions, which get parts of the index, and all above it: of a
        partition that is left out, only those are locked.
        """
        places = self._seen_from.get(table_oid)
        if places is None:
            indexed = self._catalog.tables.get(table_oid)
            found = [table_oid]
            found += [leaf.oid for leaf in self._catalog.leaves(indexed)] if indexed else []
            for oid in found:
                table = self._catalog.tables.get(oid)
                found += [o for o in (table.parent_oids if table else ()) if o not in found]
            places = self._seen_from[table_oid] = frozenset(found)
        return places
