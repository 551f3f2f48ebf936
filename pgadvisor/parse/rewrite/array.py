"""Lists of values as one array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.rewrite.nodes import checked, compacted
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import types_of
from pgadvisor.parse.statement import parse_statement

_NAMED = frozenset(
    {"bigint", "integer", "smallint", "text", "character varying", "uuid", "date", "numeric"}
    | {"timestamp with time zone", "timestamp without time zone", "boolean"}
)
"""Types that mean the same without a modifier; ``character`` alone would be one character."""


def any_array(text: str, catalog: Catalog) -> Rewritten | None:
    """Write ``x IN ($1, $2, $3)`` as ``x = ANY ($1)``, and NOT IN as ``<> ALL``.

    Both are true, false and unknown for the same values, NULLs among them.  The other parameters
    move up.

    Args:
        text: The statement.
        catalog: To find the column's type, which the array is cast to.

    Returns:
        None where no list consists of parameters that stand nowhere else, or where the statement
        does not parse.
    """
    try:
        tree = parse_statement(text).tree
        uses = Counter(n.number for n in grammar.walk(tree) if isinstance(n, ast.ParamRef))
        arrays: list[int] = []

        def change(node: ast.Node) -> ast.Node:
            numbers = _listed(node)
            if not numbers or any(uses[number] > 1 for number in numbers):
                return node
            assert isinstance(node, ast.A_Expr)  # noqa: S101  (a list is nothing else)
            arrays.append(min(numbers))
            array: ast.Node = ast.ParamRef(number=min(numbers))
            if (target := _type(node.lexpr, tree, catalog)) is not None:
                array = ast.TypeCast(arg=array, typeName=_array_of(target))
            is_in = grammar.name_parts(node.name)[-1:] == ("=",)
            kind = A_Expr_Kind.AEXPR_OP_ANY if is_in else A_Expr_Kind.AEXPR_OP_ALL
            return ast.A_Expr(kind=kind, name=node.name, lexpr=node.lexpr, rexpr=array)

        changed = grammar.mapped(tree, change)
        if not arrays:
            return None
        left = sorted({n.number or 0 for n in grammar.walk(changed) if isinstance(n, ast.ParamRef)})
        places = [f"${left.index(number) + 1}" for number in sorted(arrays)]
        condition = f"the application passes the values as an array in {' and '.join(places)}"
        return Rewritten(text=checked(compacted(changed)), conditions=(condition,))
    except StatementError:
        return None


def _listed(node: ast.Node) -> tuple[int, ...]:
    """The parameters of a list of nothing else."""
    if not isinstance(node, ast.A_Expr) or node.kind is not A_Expr_Kind.AEXPR_IN:
        return ()
    values = node.rexpr
    if not isinstance(node.lexpr, ast.ColumnRef) or not isinstance(values, Sequence):
        return ()
    numbers = tuple(value.number for value in values if isinstance(value, ast.ParamRef))
    found = tuple(number for number in numbers if number is not None)
    return found if len(found) == len(values) else ()


def _type(node: ast.Node | None, tree: ast.Node, catalog: Catalog) -> str | None:
    """The type of a column, where it may be of one only."""
    if not isinstance(node, ast.ColumnRef):
        return None
    [*types] = types_of(node, tree, catalog)
    return types[0] if len(types) == 1 and types[0] in _NAMED else None


def _array_of(type_name: str) -> ast.TypeName:
    [raw] = grammar.parse(f"SELECT $1::{type_name}[]")
    query = grammar.statement_of(raw)
    found = next(node for node in grammar.walk(query) if isinstance(node, ast.TypeName))
    assert isinstance(found, ast.TypeName)  # noqa: S101  (looked for above)
    return found
