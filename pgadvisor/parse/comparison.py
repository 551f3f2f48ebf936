"""One comparison: a predicate, a join, or a column that an expression hides from its index."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pglast import ast

from pgadvisor.model.usage import JoinPredicate, Predicate, PredicateKind, WrappedPredicate
from pgadvisor.parse import grammar
from pgadvisor.parse.draft import Workspace
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import Operand, cast_target, type_of, value_of
from pgadvisor.parse.scope import Computed, Origin, Reference, Scope

NEGATED = {
    "=": "<>",
    "<>": "=",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    **{name: f"!{name}" for name in ("~~", "~~*", "~", "~*")},
    **{f"!{name}": name for name in ("~~", "~~*", "~", "~*")},
}
_COMMUTED = {
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
    "@>": "<@",
    "<@": "@>",
    "<<": ">>",
    ">>": "<<",
    "<<=": ">>=",
    ">>=": "<<=",
}
_SYMMETRIC = frozenset({"=", "<>", "&&", "@@", "-|-", "~=", "%", "<->"})
_RANGES = frozenset({"<", "<=", ">", ">="})
_PATTERNS = frozenset({"~~", "~~*", "~", "~*", "^@"})
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_FRACTIONS = frozenset({"numeric", "real", "double precision"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a condition stands."""

    scope: Scope
    workspace: Workspace
    blocked: frozenset[int] = field(default=frozenset())
    """Relations that the condition cannot narrow down: the kept side of an outer join's ON."""
    is_optional: bool = False
    is_negated: bool = False
    outer_gains: bool = False
    """See :attr:`pgadvisor.parse.draft.QueryContext.outer_gains`."""


def kind_of_operator(operator: str) -> PredicateKind:
    """How an operator narrows its left side down."""
    if operator in {"=", "IS NOT DISTINCT FROM"}:
        return PredicateKind.EQUALITY
    if operator in _RANGES:
        return PredicateKind.RANGE
    if operator in _PATTERNS:
        return PredicateKind.PATTERN
    if operator in {"<>", "IS DISTINCT FROM"} or operator.startswith(("!~", "NOT ")):
        return PredicateKind.INEQUALITY
    return PredicateKind.OTHER


def commuted(operator: str) -> str | None:
    """The operator that means the same with its sides exchanged; None where there is none known."""
    return operator if operator in _SYMMETRIC else _COMMUTED.get(operator)


def compare(place: Place, left: Operand, operator: str, right: Operand) -> None:
    """Note what a comparison of two operands does to the columns on both sides."""
    sides = [(left, operator, right)]
    if right.references and (reverse := commuted(operator)) is not None:
        sides.append((right, reverse, left))
    elif right.references and not left.references:
        # 'x' LIKE column, $1 = ANY (column): the column is searched in no way an index helps.
        place.workspace.read(right.references)
    for this, name, other in sides:
        _note_side(place, this, name, other)
    if len(sides) == 1 and left.references:
        place.workspace.read(right.references)


def note_lookup(place: Place, left: Operand, right: Operand) -> None:
    """Note ``column = ANY (another table's array)``: the column is looked up, the array read."""
    if left.column is not None:
        _note_join(place, left.column, "=", replace(right, column=None))
    place.workspace.read(right.references)


def note_predicate(
    place: Place,
    reference: Reference,
    kind: PredicateKind,
    operator: str,
    value: ast.Node | None = None,
    literal: str | None = None,
    *,
    listed: tuple[int, ...] = (),
    takes_array: bool = False,
) -> None:
    """Note a condition that compares a column with something row-independent."""
    parameter = None
    if value is not None:
        parameter, literal = value_of(value)
    if not reference.origins or not _may_narrow(place, reference):
        place.workspace.read((reference,))
        return
    for origin in reference.origins:
        if not origin.takes_predicates or origin.relation in place.blocked:
            place.workspace.read((reference,))
            continue
        predicate = Predicate(
            column=origin.column,
            kind=kind,
            operator=operator,
            parameter=parameter,
            literal=literal,
            is_optional=place.is_optional,
            list_parameters=listed,
            takes_array=takes_array and parameter is not None,
        )
        place.workspace.drafts[origin.relation].predicates[predicate] = None


def note_wrapped(place: Place, inner: Operand, operator: str, other: Operand | None) -> None:
    """Note a condition on an expression over columns of one relation; else that they are read."""
    references = inner.references
    first = next((r for r in references if r.origins), None)
    relations = inner.relations
    clash = other is not None and bool(relations & other.relations)
    is_row_wise = not (inner.has_aggregate or inner.has_subquery)
    if first is None or len(relations) != 1 or not is_row_wise or clash:
        place.workspace.read(references)
        return
    if inner.column is None and not _may_narrow(place, first):
        place.workspace.read(references)
        return
    place.workspace.read(r for r in references if r.origins != first.origins)
    for origin in first.origins:
        if not origin.takes_predicates or origin.relation in place.blocked:
            place.workspace.read((first,))
            continue
        _add_wrapped(place, origin, inner.node, operator, other)


def _note_side(place: Place, this: Operand, operator: str, other: Operand) -> None:
    if this.column is None:
        if this.references:
            note_wrapped(place, this, operator, other)
        return
    reference = this.column
    if reference.computed is not None:
        _note_computed(place, reference.computed, operator, other)
    elif not other.references:
        if wrapper := _implicit_cast(reference, other, place.workspace):
            cast = _cast_node(this.node, wrapper)
            note_wrapped(place, Operand(node=cast, references=(reference,)), operator, other)
        else:
            note_predicate(place, reference, kind_of_operator(operator), operator, other.node)
    else:
        _note_join(place, reference, operator, other)


def _note_computed(place: Place, computed: Computed, operator: str, other: Operand) -> None:
    inner = Operand(node=computed.node, references=computed.references)
    note_wrapped(place, inner, operator, other)


def _note_join(place: Place, reference: Reference, operator: str, other: Operand) -> None:
    """Note an equality, or another comparison, with what comes from other relations."""
    workspace = place.workspace
    if not reference.origins:
        workspace.read((reference,))
    serves = kind_of_operator(operator) not in {PredicateKind.INEQUALITY, PredicateKind.PATTERN}
    joins_here = serves and _may_narrow(place, reference) and not place.is_optional
    for origin in reference.origins:
        others = other.relations - {origin.relation}
        if not (joins_here and origin.takes_joins) or origin.relation in other.relations:
            workspace.read((reference,))
            continue
        targets = _targets(other, others) or [(-1, None)]
        for relation, column in targets:
            join = JoinPredicate(
                column=origin.column,
                other_relation=relation,
                other_column=column,
                operator=operator,
            )
            workspace.drafts[origin.relation].joins[join] = None


def _targets(other: Operand, relations: frozenset[int]) -> list[tuple[int, str | None]]:
    if other.column is not None and other.column.origins:
        return [(origin.relation, origin.column) for origin in other.column.origins]
    return [(relation, None) for relation in sorted(relations)]


def _may_narrow(place: Place, reference: Reference) -> bool:
    """A condition inside a subquery narrows the outer query down only where the two are joined."""
    return not reference.is_outer or place.outer_gains


def _implicit_cast(reference: Reference, other: Operand, workspace: Workspace) -> str | None:
    """The type that PostgreSQL casts the column to, where it has no operator for both types."""
    if not reference.origins:
        return None
    source = type_of(reference.origins[0], workspace)
    node = other.node
    target = cast_target(node) if isinstance(node, ast.TypeCast) else None
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Float):
        digits = node.val.fval or ""
        target = None if digits.lstrip("-").isdigit() else "numeric"
    if source in _INTEGERS and target in _FRACTIONS:
        return target
    if source == "character" and target == "text":
        return target
    return None


def _cast_node(node: ast.Node, type_name: str) -> ast.Node:
    # As the grammar names it: two words would be a schema and a type.
    parts = ("pg_catalog", "float8") if type_name == "double precision" else (type_name,)
    names = (ast.String(sval=part) for part in parts)
    return ast.TypeCast(arg=node, typeName=ast.TypeName(names=tuple(names), typemod=-1))


def _add_wrapped(
    place: Place, origin: Origin, node: ast.Node, operator: str, other: Operand | None
) -> None:
    other_side, parameter = None, None
    try:
        expression = unqualified_sql(node)
        if other is not None and other.is_independent:
            parameter, literal = value_of(other.node)
            other_side = f"${parameter}" if isinstance(other.node, ast.ParamRef) else literal
            other_side = other_side or grammar.deparse(other.node)
    except StatementError:
        place.workspace.drafts[origin.relation].output_columns[origin.column] = None
        return
    wrapped = WrappedPredicate(
        column=origin.column,
        expression=expression,
        wrapper=wrapper_of(node),
        operator=operator,
        other_side=other_side,
        parameter=parameter,
        is_optional=place.is_optional,
    )
    place.workspace.drafts[origin.relation].wrapped[wrapped] = None


def wrapper_of(node: ast.Node) -> str:
    """What stands around the column: a function's or an operator's name, ``::type`` for a cast."""
    match node:
        case ast.FuncCall():
            return (grammar.name_parts(node.funcname) or ("",))[-1]
        case ast.A_Expr():
            return (grammar.name_parts(node.name) or ("",))[-1]
        case ast.TypeCast():
            shown = cast_target(node)
            return f"::{shown or grammar.deparse(node.typeName) if node.typeName else ''}"
        case ast.CoalesceExpr():
            return "coalesce"
        case ast.CollateClause():
            return "collate"
        case _:
            return type(node).__name__.removesuffix("Expr").removesuffix("Clause").lower()


def unqualified_sql(node: ast.Node) -> str:
    """An expression as SQL, its columns without the names of their tables.

    Raises:
        StatementError: It is nested too deeply to be written.
    """

    def bare(candidate: ast.Node) -> ast.Node:
        if isinstance(candidate, ast.ColumnRef) and len(candidate.fields or ()) > 1:
            return ast.ColumnRef(fields=(candidate.fields or ())[-1:])
        return candidate

    return grammar.deparse(grammar.mapped(node, bare))
