"""Functions: those that stay inside the database as they are, and stand-ins for the others.

A function in C, or of an extension that is not here, never runs.  One of the same name, signature,
volatility, cost and rows takes its place, so that statements which call it can be planned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Function
from pgadvisor.sqltext.quote import qualified
from pgadvisor.whatif.twin.schema.extensions import NOT_NEEDED
from pgadvisor.whatif.twin.schema.item import Item, Simpler
from pgadvisor.whatif.twin.session import TwinServer

LANGUAGES = frozenset({"sql", "plpgsql"})
"""Functions in other languages could reach outside of the database."""

_ATTRIBUTES = re.compile(r"(?m)^( LANGUAGE \S+\n)( (?!SET )[^\n]*\n)")
_SUPERUSERS = re.compile(r" LEAKPROOF\b| SUPPORT \S+")
"""Attributes that only a superuser may give."""
_SETTINGS = re.compile(r"(?m)^ SET [^\n]*\n")
_OUT = re.compile(r"(?:^|, )(?:IN)?OUT ")
_VOLATILITY = {"i": "IMMUTABLE", "s": "STABLE", "v": "VOLATILE"}
_PARALLEL = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}
_FLAGS = """
update pg_proc p
set proleakproof = f.leakproof,
    prosupport = coalesce((
        -- A support function takes for granted which arguments it gets.
        select same.prosupport
        from pg_proc same
            join pg_proc support on support.oid = same.prosupport
            join pg_namespace n on n.oid = support.pronamespace
        where quote_ident(n.nspname) || '.' || quote_ident(support.proname) = f.support
            and same.proargtypes = p.proargtypes
            and same.prorettype = p.prorettype
            and same.proowner <> p.proowner
        limit 1), 0)
from unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::text[])
        as f(schema, name, arguments, leakproof, support)
    join pg_namespace n on n.nspname = f.schema
where p.pronamespace = n.oid
    and p.proname = f.name
    and p.proowner = 'twin'::regrole
    and pg_get_function_identity_arguments(p.oid) = f.arguments
returning n.nspname, p.proname, f.arguments, f.support, p.prosupport <> 0
"""


def function_items(catalog: Catalog, extensions: Collection[str]) -> Iterator[Item]:
    """Yield the functions, or what stands in for them.

    Args:
        catalog: The snapshot.
        extensions: Those that are here, and bring their functions along.
    """
    for function in catalog.snapshot.functions:
        if function.extension in extensions or function.extension in NOT_NEEDED:
            continue
        what = function_name(function)
        if is_foreign(function):
            if function.result:
                yield Item(what=what, sql=_stand_in(function), simpler=_bare(function))
        else:
            yield Item(what=what, sql=_own(function), simpler=_without_settings(function))


def stood_in_for(catalog: Catalog, extensions: Collection[str]) -> Iterator[str]:
    """Yield which functions are not what they were."""
    for function in catalog.snapshot.functions:
        if function.extension in extensions or function.extension in NOT_NEEDED:
            continue
        if is_foreign(function):
            reason = f"its language is {function.language}"
            if function.extension is not None:
                reason = f"it belongs to the extension {function.extension}"
            done = "stood in for by one that does nothing" if function.result else "left out"
            yield f"{function_name(function)} is {done}: {reason}"


def is_foreign(function: Function) -> bool:
    """Its code is not run here."""
    return function.language not in LANGUAGES or function.extension is not None


def function_name(function: Function) -> str:
    """What people call it: ``function public.f(integer)``."""
    return f"function {function.schema}.{function.name}({function.arguments})"


def give_flags(server: TwinServer, catalog: Catalog) -> list[str]:
    """Give functions what only a superuser may give them; returns what is missing.

    Being leakproof decides what a security barrier lets through, and a support function tells
    rows, costs and index conditions.  One is given only to a function of the same arguments and
    result as one that has it already: it is C code, and trusts them.

    Raises:
        TwinError: The server is gone.
    """
    marked = [f for f in catalog.snapshot.functions if f.is_leakproof or f.support]
    rows = server.query(
        _FLAGS,
        (
            [f.schema for f in marked],
            [f.name for f in marked],
            [f.arguments for f in marked],
            [f.is_leakproof for f in marked],
            [f.support for f in marked],
        ),
    )
    return [
        f"function {schema}.{name}({arguments}) is here without its support function {support}"
        for schema, name, arguments, support, is_supported in rows
        if support and not is_supported
    ]


def _own(function: Function) -> str:
    """Its definition without what only a superuser may say."""

    def stripped(match: re.Match[str]) -> str:
        kept = _SUPERUSERS.sub("", match[2])
        return match[1] + (kept if kept.strip() else "")

    return _ATTRIBUTES.sub(stripped, function.definition, count=1)


def _without_settings(function: Function) -> tuple[Simpler, ...]:
    own = _own(function)
    head, body, rest = own.partition("\nAS ")
    bare = _SETTINGS.sub("", f"{head}\n").removesuffix("\n") + body + rest
    return (Simpler(sql=bare, lost="its settings"),) if bare != own else ()


def _bare(function: Function) -> tuple[Simpler, ...]:
    if "DEFAULT" not in function.signature:
        return ()
    sql = _stand_in(function, function.arguments)
    return (Simpler(sql=sql, lost="its arguments' defaults"),)


def _stand_in(function: Function, signature: str | None = None) -> str:
    arguments = function.signature if signature is None else signature
    words = [
        f"CREATE FUNCTION {qualified(function.schema, function.name)}({arguments})",
        f"RETURNS {function.result} LANGUAGE plpgsql",
        _VOLATILITY.get(function.volatility, "VOLATILE"),
        f"PARALLEL {_PARALLEL.get(function.parallel, 'UNSAFE')}",
        f"COST {max(function.cost, 0.0001)!r}",
    ]
    if function.is_strict:
        words.append("STRICT")
    if function.rows > 0:
        words.append(f"ROWS {function.rows!r}")
    return f"{' '.join(words)} AS $$ BEGIN {_answer(function)}; END $$"


def _answer(function: Function) -> str:
    """What it returns where planning calls it for constants: an argument is likelier than NULL."""
    if function.rows > 0 or _OUT.search(function.signature):
        return "RETURN"
    if function.result in function.argument_types:
        return f"RETURN ${function.argument_types.index(function.result) + 1}"
    return "RETURN NULL"
