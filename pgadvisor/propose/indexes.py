"""Index candidates from what statements do to columns.

Each kind of index has a module here that yields :class:`~pgadvisor.propose.shape.Shape` for one
appearance of a table in a statement.  Whether a candidate is worth anything is not judged: the
planner does that on the twin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pgadvisor.config import GateLimits
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index
from pgadvisor.model.usage import RelationUsage, StatementUsage
from pgadvisor.propose.brin import brin_shapes
from pgadvisor.propose.covering import covering_shapes
from pgadvisor.propose.existing import leads, serves
from pgadvisor.propose.expressions import expression_shapes
from pgadvisor.propose.gin import gin_shapes
from pgadvisor.propose.gist import gist_shapes
from pgadvisor.propose.hashes import hash_shapes
from pgadvisor.propose.keys import key_shapes
from pgadvisor.propose.merges import MAX_MERGED, MAX_MERGES, merges_of
from pgadvisor.propose.options import DEFAULTS, ProposalKind, ProposalOptions
from pgadvisor.propose.partial import parameter_notes, partial_shapes
from pgadvisor.propose.patterns import pattern_shapes
from pgadvisor.propose.pool import Entry, Pool
from pgadvisor.propose.shape import Shape
from pgadvisor.propose.site import Site, site_of
from pgadvisor.propose.table_facts import MAX_KEY_BYTES, TableFacts, table_to_index
from pgadvisor.propose.widening import MAX_REPLACEMENTS, MAX_WIDENED, replaced_by, replacements_of
from pgadvisor.propose.workload_facts import WorkloadFacts

MAX_INDEX_COLUMNS = 32
"""PostgreSQL's own limit, included columns counted."""
_SHARES = {
    ProposalKind.KEYS: 18,
    ProposalKind.OTHER_METHODS: 6,
    ProposalKind.EXPRESSIONS: 6,
    ProposalKind.COVERING: 12,
    ProposalKind.PARTIAL: 8,
}
"""How many of each kind one appearance may have, within the bound for all of them."""

_JOINED_SHARE = 4
"""Of a table's candidates at most one in so many is there in the place of two."""


def propose_indexes(
    catalog: Catalog,
    usages: Iterable[StatementUsage],
    limits: GateLimits,
    options: ProposalOptions = DEFAULTS,
) -> tuple[Candidate, ...]:
    """Propose every index that one of the statements could use.

    Args:
        catalog: The database as it is; what an existing index serves is not proposed again.
        usages: What the statements do, the most important first.
        limits: Tables below their size floor get no proposals.
        options: Kinds and bounds of what is proposed.

    Returns:
        Candidates without a size, table by table, in the order in which the statements asked for
        them; behind them all, those that would take the place of two indexes.
    """
    known = tuple(usages)
    return _Proposer(catalog, known, limits, options).candidates(known)


class _Proposer:
    """One run over all statements."""

    def __init__(
        self,
        catalog: Catalog,
        usages: Sequence[StatementUsage],
        limits: GateLimits,
        options: ProposalOptions,
    ) -> None:
        self._catalog = catalog
        self._limits = limits
        self._options = options
        self._workload = WorkloadFacts(catalog, usages)
        self._facts: dict[int, TableFacts | None] = {}
        self._pools: dict[int, Pool] = {}
        self._unsettled: defaultdict[int, set[frozenset[str]]] = defaultdict(set)

    def candidates(self, usages: Sequence[StatementUsage]) -> tuple[Candidate, ...]:
        """Propose for each statement, and then for each table as a whole."""
        for usage in usages:
            for relation in usage.relations:
                facts = self._facts_of(relation.table_oid)
                if facts is not None:
                    self._propose(facts, relation, usage.statement_id)
        kept, joined = [], []
        for oid, pool in self._pools.items():
            facts = self._facts[oid]
            assert facts is not None  # noqa: S101  (only such tables have a pool)
            most = self._options.max_per_table // _JOINED_SHARE
            extra = list(islice(self._joined(facts, pool), most))
            joined += extra
            kept += pool.kept(max(self._options.max_per_table - len(extra), 0))
        return tuple(entry.candidate() for entry in (*kept, *joined))

    def _facts_of(self, table_oid: int) -> TableFacts | None:
        if table_oid not in self._facts:
            table = table_to_index(self._catalog, table_oid, self._limits)
            if table is None:
                self._facts[table_oid] = None
            elif table.oid in self._facts:
                self._facts[table_oid] = self._facts[table.oid]
            else:
                self._facts[table_oid] = self._facts[table.oid] = TableFacts(self._catalog, table)
        return self._facts[table_oid]

    def _propose(self, facts: TableFacts, relation: RelationUsage, statement_id: str) -> None:
        site = site_of(facts, relation, self._workload, self._options, statement_id)
        table, weight = facts.table, self._workload.weight(statement_id)
        pool = self._pools.setdefault(table.oid, Pool(self._options.max_per_table))
        if site.unsettled:
            self._unsettled[table.oid].add(site.unsettled)
        notes = parameter_notes(site)
        left = self._options.max_per_appearance
        for shape in _shapes(site):
            if left <= 0:
                break
            definition = shape.definition(table)
            if not _is_possible(facts, definition) or _is_served(facts, shape, definition):
                continue
            old = replaced_by(definition, facts.indexes_led_by(definition.keys[:1]))
            reason = f"{shape.reason}, in the place of {old}" if old else shape.reason
            note = shape.note or next((notes[c] for c in notes if c in shape.columns), "")
            pool.add(definition, reason, note, statement_id, weight)
            left -= 1

    def _joined(self, facts: TableFacts, pool: Pool) -> Iterator[Entry]:
        """Yield what would take the place of two indexes, each once."""
        kinds, options = self._options.kinds, self._options
        leaders = pool.leaders(max(MAX_MERGED, MAX_WIDENED))
        found: set[IndexDefinition] = set()
        unheld = self._unheld(facts, pool)
        merges = merges_of(leaders, options) if ProposalKind.MERGES in kinds else ()
        replacing: Iterable[Entry] = ()
        if ProposalKind.EXISTING in kinds:
            replacing = replacements_of(facts.table, facts.indexes, leaders, options)
        for entries, count in ((merges, MAX_MERGES), (replacing, MAX_REPLACEMENTS)):
            new = (entry for entry in entries if self._is_new(facts, pool, found, entry))
            fit = (e for e in new if not any(map(_columns_of(e.definition).issuperset, unheld)))
            for entry in islice(fit, count):
                found.add(entry.definition)
                yield entry

    def _unheld(self, facts: TableFacts, pool: Pool) -> list[frozenset[str]]:
        """What two indexes in one are not to hold all of, since columns of it are set often.

        No index is proposed to cover such a statement, so none is to cover it by accident.  Where
        one that exists, or that its conditions ask for, holds it all, nothing is added to it.
        """
        held = [_columns_of(definition) for definition in pool.definitions]
        held += [_columns_of(index) for index in facts.indexes]
        return [
            needed
            for needed in self._unsettled[facts.table.oid]
            if not any(map(needed.issubset, held))
        ]

    def _is_new(
        self, facts: TableFacts, pool: Pool, found: set[IndexDefinition], entry: Entry
    ) -> bool:
        definition = entry.definition
        if definition in pool or definition in found:
            return False
        width_bytes = sum(map(facts.width_bytes, _columns_of(definition)))
        is_narrow = width_bytes <= self._options.max_covering_width_bytes
        return is_narrow and not serves(facts.indexes, definition)


def _shapes(site: Site) -> Iterator[Shape]:
    """Yield the shapes of all kinds that are wanted, each kind within its share, none twice."""
    seen: set[tuple[object, ...]] = set()
    bases = tuple(_new(seen, key_shapes(site), _SHARES[ProposalKind.KEYS]))
    rooms = (
        (ProposalKind.OTHER_METHODS, _other_methods(site)),
        (ProposalKind.EXPRESSIONS, expression_shapes(site)),
        (ProposalKind.COVERING, covering_shapes(site, bases)),
        (ProposalKind.PARTIAL, partial_shapes(site)),
    )
    if ProposalKind.KEYS in site.options.kinds:
        yield from bases
    else:
        seen.clear()
    for kind, shapes in rooms:
        if kind in site.options.kinds:
            yield from _new(seen, shapes, _SHARES[kind])


def _other_methods(site: Site) -> Iterator[Shape]:
    for room in (pattern_shapes, gin_shapes, gist_shapes, brin_shapes, hash_shapes):
        yield from room(site)


def _new(seen: set[tuple[object, ...]], shapes: Iterable[Shape], count: int) -> Iterator[Shape]:
    """Yield so many shapes that were not seen before."""
    for shape in shapes:
        what = shape.keys, shape.include, shape.predicate, shape.access_method
        if what in seen or not shape.keys:
            continue
        if count <= 0:
            return
        seen.add(what)
        count -= 1
        yield shape


def _is_possible(facts: TableFacts, definition: IndexDefinition) -> bool:
    """Whether PostgreSQL could build it: not too many columns, and its entries fit a page."""
    if len(definition.keys) + len(definition.include) > MAX_INDEX_COLUMNS:
        return False
    width_bytes = sum(map(facts.width_bytes, _columns_of(definition)))
    return definition.access_method != "btree" or width_bytes <= MAX_KEY_BYTES


def _columns_of(index: IndexDefinition | Index) -> frozenset[str]:
    """Names of all columns in it; those inside expressions do not count."""
    return frozenset((*(column for column in index.key_columns if column), *index.include))


def _is_served(facts: TableFacts, shape: Shape, definition: IndexDefinition) -> bool:
    """Whether an index that exists does as well."""
    wanted = definition
    present: Sequence[Index] = facts.indexes
    if shape.read_count:
        held = tuple(key.column for key in definition.keys[-shape.read_count :] if key.column)
        keys = definition.keys[: -shape.read_count]
        wanted = replace(definition, keys=keys, include=(*definition.include, *held))
    elif not (present := facts.indexes_led_by(definition.keys)):
        return False
    return serves(present, wanted, shape.equal_count) or any(
        leads(present, method, key) for method, key in shape.stand_ins
    )
