"""Values of a column, and what an expression makes of them, computed on the twin's server.

The expression may call functions of the snapshot's, so it runs as the role, never as the
superuser.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.sqltext.quote import quote_identifier
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.statistics.array_text import array_literal, numbers_literal
from pgadvisor.whatif.twin.statistics.image_statistics import Kind, Point

if TYPE_CHECKING:
    from psycopg import pq

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_TIMESTAMPS = frozenset({"timestamp without time zone", "timestamp with time zone"})
_BETWEEN = {
    **{
        name: f"(low + round((high::numeric - low::numeric) * at::numeric))::{name}"
        for name in _INTEGERS
    },
    "numeric": "round(low + (high - low) * at::numeric, digits)",
    "real": "(low + (high - low) * at)::real",
    "double precision": "low + (high - low) * at",
    "date": "low + floor((high - low) * at)::integer",
    **dict.fromkeys(_TIMESTAMPS, "date_trunc('{unit}', low + (high - low) * at)"),
}
"""By type: the value at a fraction of the way from one bound to the next."""
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(\.\d+)?")
_FINITE = dict.fromkeys((*_TIMESTAMPS, "date"), "isfinite(low) and isfinite(high)")
_EVALUATE = """
with common as (
    select n, v from unnest($1::text::{type}[]) with ordinality as c(v, n)
),
bounds as (
    select n, v as low, coalesce(lead(v) over (order by n), v) as high, {digits} as digits
    from unnest($2::text::{type}[]) with ordinality as b(v, n)
),
points as (
    select p.n, case when {finite} then {between} else low end as v
    from unnest($3::int[], $4::float8[]) with ordinality as p(bound, at, n)
        join bounds b on b.n = p.bound
),
given as (
    select -n as n, v from common
    union all select 0, null
    union all select n, v from points where v is not null
        and not exists (select from common c where c.v = points.v)
),
images as (
    select pgadvisor_n as n, {column} as v, ({expression}) as r
    from (select n as pgadvisor_n, v as {column} from given) g
)
select n, case when v is null then 0 else dense_rank() over (order by v) end,
    case when r is not null then dense_rank() over (order by r{collate}) end,
    format('%s', r), coalesce(pg_column_size(r), 0)
from images order by n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An expression over one column."""

    expression: str
    """As ``pg_get_indexdef`` gives it with an empty search path."""
    collation: str
    """Of its results, quoted and qualified; empty: they have none."""
    column: str
    type_name: str
    """Of the column, below a domain and without a modifier."""
    statistics: ColumnStatistics

    @property
    def is_interpolated(self) -> bool:
        """There are as many values between two bounds as one likes."""
        return self.type_name in _BETWEEN


@dataclass(frozen=True, slots=True)
class Places:
    """Where between the bounds the points are."""

    bounds: tuple[int, ...] = ()
    """The number, from 1, of the bound that each comes after."""
    fractions: tuple[float, ...] = ()
    """How far from it to the next one, from 0 to 1."""
    even_count: int = 0
    """So many are spread evenly; the ones after them are drawn at random."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way to the server."""

    question: Question
    places: Places
    command: Command = field(compare=False)


def ask(question: Question, point_count: int) -> Asked:
    """Write the query that answers a question.

    Args:
        question: The expression.
        point_count: How many points there are to be between all bounds together, spread evenly;
            half as many are drawn at random.
    """
    known = question.statistics
    places = _places(len(known.histogram_bounds or ()), question, point_count)
    between = _BETWEEN.get(question.type_name, "low").replace("{unit}", _unit(known))
    text = _EVALUATE.format(
        type=question.type_name,
        digits="max(scale(v)) over ()" if question.type_name == "numeric" else "0",
        finite=_FINITE.get(question.type_name, "true"),
        between=between,
        column=quote_identifier(question.column),
        expression=question.expression,
        collate=f" collate {question.collation}" if question.collation else "",
    )
    values = (
        array_literal(known.most_common_values or ()),
        array_literal(known.histogram_bounds or ()),
        "{" + ",".join(map(str, places.bounds)) + "}",
        numbers_literal(places.fractions),
    )
    return Asked(question, places, Command(text, values))


def points_of(asked: Asked, result: pq.abc.PGresult) -> list[Point]:
    """Read the answer."""
    rows = [
        [result.get_value(row, column) for column in range(result.nfields)]
        for row in range(result.ntuples)
    ]
    numbers = [int(row[0] or 0) for row in rows]
    places = asked.places
    of_bound = Counter(places.bounds[n - 1] for n in numbers if 0 < n <= places.even_count)
    return [
        Point(
            kind=_kind(number, places),
            ratio=_ratio(number, asked, of_bound),
            order=int(row[1] or 0),
            result_order=None if row[2] is None else int(row[2]),
            result=(row[3] or b"").decode(),
            width_bytes=int(row[4] or 0),
        )
        for number, row in zip(numbers, rows, strict=True)
    ]


def _places(bounds: int, question: Question, point_count: int) -> Places:
    """Each bound; and for types that have them, points between it and the next one."""
    if not question.is_interpolated or bounds < 2:  # noqa: PLR2004
        return Places(tuple(range(1, bounds + 1)), (0.0,) * bounds, bounds)
    draw = random.Random(bounds)  # noqa: S311  (no secret: the same points each time)
    each = max(point_count // (bounds - 1), 1)
    # Each bound, and one point somewhere in each of so many parts: at regular places they would
    # meet what repeats at the same phase.
    even = [(n, 0.0) for n in range(1, bounds + 1)]
    even += [(n, (k + draw.random()) / each) for n in range(1, bounds) for k in range(each)]
    drawn = [(n, draw.random()) for n in range(1, bounds) for _ in range(each // 2)]
    both = [*even, *drawn]
    return Places(tuple(n for n, _ in both), tuple(at for _, at in both), len(even))


def _kind(number: int, places: Places) -> Kind:
    if number <= 0:
        return Kind.COMMON if number else Kind.NULL
    return Kind.EVEN if number <= places.even_count else Kind.RANDOM


def _ratio(number: int, asked: Asked, of_bound: Counter[int]) -> float:
    """The share of the rows that a point stands for."""
    known, places = asked.question.statistics, asked.places
    if number == 0:
        return known.null_ratio
    if number < 0:
        return (known.most_common_ratios or ())[-number - 1]
    if number > places.even_count:
        return 0.0
    rest = max(1 - known.null_ratio - sum(known.most_common_ratios or ()), 0.0)
    count = len(known.histogram_bounds or ())
    bound = places.bounds[number - 1]
    if not asked.question.is_interpolated:
        # The first and the last bound have neighbours on one side only.
        return rest / max(count - 1, 1) * (0.5 if bound in {1, count} else 1.0)
    return 0.0 if bound == count else rest / max(count - 1, 1) / of_bound[bound]


def _unit(known: ColumnStatistics) -> str:
    """The coarsest part of the time of day in which all values that are known are whole."""
    texts = [*(known.most_common_values or ()), *(known.histogram_bounds or ())]
    times = [match.groups() for text in texts if (match := _TIME.search(text))]
    if not times or any(fraction for *_, fraction in times):
        return "microseconds"
    for position, unit in ((2, "second"), (1, "minute"), (0, "hour")):
        if any(time[position] != "00" for time in times):
            return unit
    return "day"
