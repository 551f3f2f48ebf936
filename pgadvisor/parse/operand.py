"""Expressions: which columns they read, and whether they are a column, a constant or neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pglast import ast
from pglast.enums.primnodes import SubLinkType

from pgadvisor.model.schema import Column
from pgadvisor.parse import grammar
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.scope import Origin, Reference, Scope
from pgadvisor.sqltext.quote import quote_literal

AGGREGATES = frozenset(
    {"count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg"}
    | {"json_object_agg", "jsonb_object_agg", "bool_and", "bool_or", "every", "bit_and", "bit_or"}
    | {"bit_xor", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr"}
    | {"covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_count", "regr_r2", "mode"}
    | {"percentile_cont", "percentile_disc", "range_agg", "xmlagg", "any_value"}
    | {"json_arrayagg", "json_objectagg"}
)
"""PostgreSQL's own; an aggregate that the database defines itself is taken for a function."""

_TYPE_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
_HARMLESS = frozenset({("character varying", "text"), ("text", "character varying")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """One side of a comparison, or any other expression."""

    node: ast.Node
    column: Reference | None = None
    """Where it is a column and nothing else; a cast that changes no bits does not count."""
    references: tuple[Reference, ...] = ()
    """All columns inside it."""
    has_aggregate: bool = False
    has_window: bool = False
    has_subquery: bool = False

    @property
    def is_independent(self) -> bool:
        """No row of any table is needed to know it."""
        return not self.references

    @property
    def relations(self) -> frozenset[int]:
        """Positions of all relations that it reads."""
        return frozenset().union(*(reference.relations for reference in self.references))


def operand_of(node: ast.Node, scope: Scope, workspace: Workspace) -> Operand:
    """Resolve all names in an expression, its subqueries included (which are noted on the way)."""
    bare = _without_harmless_cast(node, scope, workspace)
    if isinstance(bare, ast.ColumnRef):
        references = tuple(resolve_column(bare, scope, workspace))
        # A whole row can be compared, but no index serves that.
        is_column = len(references) == 1 and not references[0].whole_rows
        return Operand(
            node=node, column=references[0] if is_column else None, references=references
        )
    return _expression(node, scope, workspace)


def column_operand(reference: Reference) -> Operand:
    """The operand that a USING clause or a subquery's column makes."""
    node = ast.ColumnRef(fields=(ast.String(sval=reference.name),))
    return Operand(node=node, column=reference, references=(reference,))


def resolve_column(node: ast.ColumnRef, scope: Scope, workspace: Workspace) -> Iterator[Reference]:
    """Yield what a name stands for: one reference, all of them for ``*``, or none."""
    fields = node.fields or ()
    names = grammar.name_parts(fields)
    if fields and isinstance(fields[-1], ast.A_Star):
        yield from _star(names, scope, workspace)
        return
    found = scope.column(names[0]) if len(names) == 1 else scope.qualified(names)
    if found is None:
        workspace.miss(".".join(names))
        yield Reference(names[-1] if names else "")
    else:
        yield found


def value_of(node: ast.Node) -> tuple[int | None, str | None]:
    """The parameter number, or the SQL text, of an operand that is a parameter or a constant."""
    bare = node
    while isinstance(bare, ast.TypeCast | ast.CollateClause) and bare.arg is not None:
        bare = bare.arg
    if isinstance(bare, ast.ParamRef):
        return bare.number, None
    if isinstance(bare, ast.A_Const):
        return None, literal_sql(node)
    if isinstance(bare, ast.A_ArrayExpr) and all(
        value_of(element)[1] is not None for element in bare.elements or ()
    ):
        return None, literal_sql(node)
    return None, None


def literal_sql(node: ast.Node) -> str | None:
    """A constant as SQL: ``'pending'``, ``5``, ``true``, ``'2026-01-01'::date``."""
    if isinstance(node, ast.TypeCast) and node.arg is not None and node.typeName is not None:
        inner = literal_sql(node.arg)
        return None if inner is None else f"{inner}::{grammar.deparse(node.typeName)}"
    if isinstance(node, ast.A_Const):
        return "NULL" if node.isnull else _constant_sql(node)
    try:
        return grammar.deparse(node)
    except StatementError:
        return None


def _constant_sql(node: ast.A_Const) -> str:
    match node.val:
        case ast.Integer(ival=int(number)):
            return str(number)
        case ast.String(sval=str(text)):
            return quote_literal(text)
        case ast.Boolean(boolval=flag):
            return "true" if flag else "false"
        case ast.Float(fval=str(number)):
            return number
        case _:
            return grammar.deparse(node)


def cast_target(node: ast.TypeCast) -> str | None:
    """The type of a cast as ``format_type`` writes it; None where it has a modifier or an array."""
    target = node.typeName
    if target is None or target.arrayBounds or target.typmods:
        return None
    parts = grammar.name_parts(target.names)
    if not parts:
        return None
    name = parts[-1]
    return _TYPE_NAMES.get(name, name)


def type_of(origin: Origin, workspace: Workspace) -> str | None:
    """The base type of a table's column, without its modifier."""
    column = workspace.drafts[origin.relation].table.column(origin.column)
    return None if column is None else base_type(column)


def base_type(column: Column) -> str:
    """The type below a domain, without its modifier."""
    name = column.base_type_name or column.type_name
    head, _, tail = name.partition("(")
    _, _, rest = tail.partition(")")
    return f"{head.rstrip()}{rest}" if tail else name


def _without_harmless_cast(node: ast.Node, scope: Scope, workspace: Workspace) -> ast.Node:
    if not isinstance(node, ast.TypeCast) or not isinstance(node.arg, ast.ColumnRef):
        return node
    target = cast_target(node)
    names = grammar.name_parts(node.arg.fields)
    if target is None or not names:
        return node
    found = scope.column(names[0]) if len(names) == 1 else scope.qualified(names)
    types = {type_of(origin, workspace) for origin in found.origins} if found else set()
    if types and all(source == target or (source, target) in _HARMLESS for source in types):
        return node.arg
    return node


def _expression(node: ast.Node, scope: Scope, workspace: Workspace) -> Operand:
    references: list[Reference] = []
    has_aggregate = has_window = has_subquery = False
    stack = [node]
    while stack:
        current = stack.pop()
        match current:
            case ast.ColumnRef():
                references.extend(resolve_column(current, scope, workspace))
                continue
            case ast.SubLink():
                has_subquery = True
                references.extend(_subquery_references(current, scope, workspace))
                if current.testexpr is not None:
                    stack.append(current.testexpr)
                continue
            case ast.FuncCall():
                has_window = has_window or current.over is not None
                has_aggregate = has_aggregate or is_aggregate(current)
            case ast.GroupingFunc():
                has_aggregate = True
            case _:
                has_aggregate = has_aggregate or isinstance(
                    current, ast.JsonArrayAgg | ast.JsonObjectAgg
                )
        stack.extend(reversed(tuple(grammar.children(current))))
    return Operand(
        node=node,
        references=tuple(references),
        has_aggregate=has_aggregate,
        has_window=has_window,
        has_subquery=has_subquery,
    )


def is_aggregate(call: ast.FuncCall) -> bool:
    """Whether a call aggregates rows (a window function does not)."""
    if call.over is not None:
        return False
    if call.agg_star or call.agg_distinct or call.agg_within_group or call.agg_filter:
        return True
    return (grammar.name_parts(call.funcname) or ("",))[-1] in AGGREGATES


def _subquery_references(
    link: ast.SubLink, scope: Scope, workspace: Workspace
) -> tuple[Reference, ...]:
    """Resolve a subquery in an expression; what it needs of the queries around it is returned."""
    if link.subselect is None:
        return ()
    is_exists = link.subLinkType == SubLinkType.EXISTS_SUBLINK
    context = QueryContext(level=scope.level + 1, is_exists=is_exists)
    derived = workspace.resolve_query(link.subselect, scope, workspace, context)
    if not is_exists:
        workspace.read(derived.columns)
    return derived.outer


def _star(names: tuple[str, ...], scope: Scope, workspace: Workspace) -> Iterator[Reference]:
    if not names:
        sources = list(scope.sources)
    elif entry := scope.source(names[-1], names[-2] if len(names) > 1 else None):
        sources = [entry[0]]
    else:
        workspace.miss(f"{'.'.join(names)}.*")
        return
    for source in sources:
        for column in source.columns():
            yield replace(column, is_star=True)
