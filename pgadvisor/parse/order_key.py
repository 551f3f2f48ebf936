"""Keys of ORDER BY, GROUP BY and DISTINCT that are expressions over one relation's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind

from pgadvisor.model.usage import NearestKey, OrderKey
from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import unqualified_sql
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import Operand
from pgadvisor.parse.scope import Origin, Reference

_DISTANCES = frozenset({"<->", "<#>", "<=>", "<+>", "<<->", "<->>"})
"""Of points, boxes and numbers, of geometries, of vectors, and of texts (pg_trgm)."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of ORDER BY, GROUP BY or DISTINCT."""

    operand: Operand
    is_descending: bool
    nulls_first: bool
    is_usable: bool = True


@dataclass(frozen=True, slots=True)
class KeysOfRelation:
    """Keys that are all one relation's."""

    relation: int
    """Position of its draft."""
    keys: tuple[OrderKey, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The relation whose rows are ordered by their distance."""

    relation: int
    key: NearestKey


def expression_keys(keys: Sequence[Key]) -> KeysOfRelation | None:
    """The keys, where all are one relation's and at least one is an expression; else None.

    An expression with a parameter in it is none: an index holds one expression, not any.
    """
    relation: int | None = None
    found: list[OrderKey] = []
    for key in keys:
        source = _source(key.operand)
        if source is None or not key.is_usable or relation not in {None, source.relation}:
            return None
        relation = source.relation
        written = _written(key.operand)
        if key.operand.column is None and written is None:
            return None
        found.append(
            OrderKey(
                column=source.column,
                expression=written,
                is_descending=key.is_descending,
                nulls_first=key.nulls_first,
            )
        )
    if relation is None or all(key.expression is None for key in found):
        return None
    return KeysOfRelation(relation, tuple(found))


def nearest_of(key: Key) -> Nearest | None:
    """What a first key of ``column <-> value`` asks for; None where it is another key.

    ``1 - (column <=> value) DESC`` asks for the same rows, and no index has that order.
    """
    outer = key.operand.node
    node = _turned_round(outer)
    is_wrapped = node is not None
    node = outer if node is None else node
    is_nearest_first = key.is_descending if is_wrapped else not key.is_descending
    is_forward = key.is_usable and is_nearest_first and (is_wrapped or not key.nulls_first)
    if not isinstance(node, ast.A_Expr) or node.kind is not A_Expr_Kind.AEXPR_OP or not is_forward:
        return None
    operator = (grammar.name_parts(node.name) or ("",))[-1]
    own = [reference for reference in key.operand.references if not reference.is_outer]
    sides = [side for side in (node.lexpr, node.rexpr) if isinstance(side, ast.ColumnRef)]
    if operator not in _DISTANCES or len(own) != 1 or not sides:
        return None
    origin = _origin(own[0])
    names = {grammar.name_parts(side.fields)[-1:] for side in sides}
    if origin is None or (own[0].name,) not in names:
        return None
    nearest = NearestKey(column=origin.column, operator=operator, is_wrapped=is_wrapped)
    return Nearest(origin.relation, nearest)


def _turned_round(node: ast.Node | None) -> ast.Node | None:
    """What is smaller the larger the whole is: ``d`` of ``1 - d``, ``-d`` and ``d * -1``."""
    if not isinstance(node, ast.A_Expr) or node.kind is not A_Expr_Kind.AEXPR_OP:
        return None
    match (grammar.name_parts(node.name) or ("",))[-1], node.lexpr, node.rexpr:
        case "-", None, ast.Node() as distance:
            return distance
        case "-", constant, ast.Node() as distance if _may_be_number(constant):
            return distance
        case "*", constant, ast.Node() as distance if _may_be_negative(constant):
            return distance
        case "*", ast.Node() as distance, constant if _may_be_negative(constant):
            return distance
        case _:
            return None


def _may_be_number(node: object) -> bool:
    return isinstance(node, ast.A_Const | ast.ParamRef)


def _may_be_negative(node: object) -> bool:
    """The server's counters have a parameter in the place of ``-1``."""
    value = node.val if isinstance(node, ast.A_Const) else None
    if isinstance(value, ast.Integer):
        return (value.ival or 0) < 0
    if isinstance(value, ast.Float):
        return (value.fval or "").startswith("-")
    return isinstance(node, ast.ParamRef)


def _source(operand: Operand) -> Origin | None:
    """The one relation's column that stands for all that an operand reads; None: there is none."""
    if operand.has_aggregate or operand.has_window or operand.has_subquery:
        return None
    is_expression = operand.column is None
    origins = [_origin(reference, is_named=is_expression) for reference in operand.references]
    first = origins[0] if origins else None
    if first is None or any(o is None or o.relation != first.relation for o in origins):
        return None
    return first


def _origin(reference: Reference, *, is_named: bool = False) -> Origin | None:
    """The column that it is; None where it is computed, or out of an index's reach.

    Args:
        reference: What a name stands for.
        is_named: The name is written into an expression, so it has to be the column's own.
    """
    if len(reference.origins) != 1 or reference.is_outer or reference.whole_rows:
        return None
    origin = reference.origins[0]
    is_own_name = not is_named or origin.column == reference.name
    return origin if origin.takes_joins and is_own_name else None


def _written(operand: Operand) -> str | None:
    """An expression as SQL; None where it is a column, has a parameter, or is too deep."""
    if operand.column is not None:
        return None
    if any(isinstance(node, ast.ParamRef) for node in grammar.walk(operand.node)):
        return None
    try:
        return unqualified_sql(operand.node)
    except StatementError:
        return None
