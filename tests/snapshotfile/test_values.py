"""Values of each type become other values of that type, in the same order."""

from __future__ import annotations

import ipaddress
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.schema import TypeKind, UserType
from pgadvisor.snapshotfile.containers import replace_elements, split_fields, split_range
from pgadvisor.snapshotfile.forms import form_of
from pgadvisor.snapshotfile.guess import guess_type
from pgadvisor.snapshotfile.sink import Collector, HiddenError
from pgadvisor.snapshotfile.statistics import json_order
from pgadvisor.snapshotfile.types import TypeCatalog, hidden_whole
from pgadvisor.snapshotfile.values import ValueRedactor

TYPES = TypeCatalog(
    [
        UserType(
            oid=1,
            schema="public",
            name="colour",
            kind=TypeKind.ENUM,
            labels=("red", "green"),
        ),
        UserType(oid=2, schema="public", name="email", kind=TypeKind.DOMAIN, base_type_name="text"),
        UserType(
            oid=3,
            schema="public",
            name="place",
            kind=TypeKind.COMPOSITE,
            attributes=(("street", "text"), ("number", "integer"), ("mail", "public.email")),
        ),
        UserType(
            oid=4, schema="public", name="span", kind=TypeKind.RANGE, base_type_name="integer"
        ),
    ]
)


def _redacted(
    type_name: str, values: list[str], *, kept: frozenset[str] = frozenset(), whole: bool = False
) -> list[str]:
    shape = TYPES.shape(type_name)
    shape = hidden_whole(shape) if whole else shape
    collector = Collector(kept)
    first = ValueRedactor(collector)
    for value in values:
        first.value(shape, value)
    second = ValueRedactor(collector.replacer(b"k" * 32))
    return [second.value(shape, value) for value in values]


@given(values=st.lists(st.uuids(), unique=True))
def test_a_uuid_stays_a_uuid(values: list[UUID]) -> None:
    values.sort()

    found = [UUID(text) for text in _redacted("uuid", [str(value) for value in values])]

    assert found == sorted(set(found))
    assert not set(found) & set(values)


@given(values=st.lists(st.binary(max_size=20), unique=True))
def test_bytes_stay_bytes(values: list[bytes]) -> None:
    values.sort()

    found = _redacted("bytea", [f"\\x{value.hex()}" for value in values])

    decoded = [bytes.fromhex(text.removeprefix("\\x")) for text in found]
    assert decoded == sorted(set(decoded))


def test_both_outputs_of_bytes_are_read() -> None:
    key = form_of("bytea").key

    assert key("\\x61ff5c") == key("a\\377\\\\") == b"a\xff\\"


@given(values=st.lists(st.ip_addresses(), unique=True))
def test_an_address_stays_an_address(
    values: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
) -> None:
    values.sort(key=lambda value: (value.version, value))

    found = [ipaddress.ip_address(t) for t in _redacted("inet", [str(value) for value in values])]

    assert found == sorted(set(found))
    assert all(address.is_private for address in found)


def test_networks_are_sorted_as_postgresql_does() -> None:
    ordered = ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/16", "10.0.0.0", "10.1.0.0/16", "::1"]

    assert sorted(set(ordered), key=form_of("inet").key) == ordered


@pytest.mark.parametrize("type_name", ["macaddr", "macaddr8"])
def test_a_hardware_address_stays_one(type_name: str) -> None:
    length = 6 if type_name == "macaddr" else 8
    values = [":".join([f"{n:02x}"] * length) for n in (1, 7, 200)]

    found = _redacted(type_name, values)

    assert found == sorted(set(found))
    assert {len(bytes.fromhex(text.replace(":", ""))) for text in found} == {length}


Json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@given(value=Json)
def test_json_stays_json_of_the_same_form(value: object) -> None:
    [found] = _redacted("jsonb", [json.dumps(value)])

    assert _form(json.loads(found)) == _form(value)


def _form(value: object) -> object:
    if isinstance(value, dict):
        return sorted(str(_form(item)) for item in value.values())
    if isinstance(value, list):
        return [_form(item) for item in value]
    return type(value)


def test_json_is_sorted_as_postgresql_does() -> None:
    ordered = ["null", '"a"', '"b"', "1", "2.5", "false", "true", "[]", "[1]", "[1, 2]", "{}"]
    ordered += ['{"aa": 0}', '{"b": 1}', '{"b": 1, "d": 1}', '{"aa": 1, "c": 1}']

    assert sorted(set(ordered), key=json_order) == ordered


Element = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)


@given(elements=st.lists(Element, max_size=6))
def test_an_array_keeps_its_length_and_its_nulls(elements: list[str | None]) -> None:
    text = "{%s}" % ",".join(  # noqa: UP031  (braces)
        "NULL" if e is None else '"' + e.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for e in elements
    )
    seen: list[str] = []

    def replaced(element: str) -> str:
        seen.append(element)
        return "x"

    found = replace_elements(text, replaced)

    assert seen == [element for element in elements if element is not None]
    assert found == "{%s}" % ",".join("NULL" if e is None else '"x"' for e in elements)  # noqa: UP031


@pytest.mark.parametrize(
    ("array", "replaced"),
    [
        ("{}", "{}"),
        ("{a,b c, NULL ,null}", '{"A","B C",NULL,null}'),
        ("{{a,b},{c,d}}", '{{"A","B"},{"C","D"}}'),
        ("[0:1]={a,b}", '[0:1]={"A","B"}'),
        ('{"a,\\"b\\""}', '{"A,\\"B\\""}'),
        ('{"NULL"}', '{"NULL"}'),
        (r"{a\,b}", '{"A,B"}'),
    ],
)
def test_reads_all_forms_of_arrays(array: str, replaced: str) -> None:
    assert replace_elements(array, str.upper) == replaced


@pytest.mark.parametrize("text", ["", "a", "{", "}", "{a}}", "{a}{b}", '{"a}', "{a} b", "{{a}"])
def test_refuses_what_is_no_array(text: str) -> None:
    with pytest.raises(HiddenError):
        replace_elements(text, str.upper)


@given(text=st.text('{}[]()",\\ a:=0', max_size=20))
def test_broken_containers_raise_nothing_else(text: str) -> None:
    for read in (lambda t: replace_elements(t, str), split_fields, split_range):
        try:
            read(text)
        except HiddenError:
            continue


@pytest.mark.parametrize(
    ("composite", "fields"),
    [
        ("(a,b)", ["a", "b"]),
        ("(,)", [None, None]),
        ('("",x)', ["", "x"]),
        ('("a,""b"" \\\\ c",1)', ['a,"b" \\ c', "1"]),
    ],
)
def test_reads_composite_values(composite: str, fields: list[str | None]) -> None:
    assert split_fields(composite) == fields


def test_each_attribute_of_a_composite_value_is_hidden_by_its_type() -> None:
    [found] = _redacted("public.place", ['("Main St",12345,a@b.c)'])

    street, number, mail = split_fields(found)
    assert number == "12000"
    assert street is not None
    assert mail is not None
    assert not {"Main", "a@b"} & {street[:4], mail[:3]}


@pytest.mark.parametrize(
    ("type_name", "value", "replaced"),
    [
        ("int4range", "[12345,67890)", '["12000","67000")'),
        ("int4range", "empty", "empty"),
        ("numrange", "(,67890]", '(,"67000"]'),
        ("daterange", "[1985-07-23,1985-07-30)", '["1985-07-01","1985-07-01"]'),
        ("public.span", "[12345,67890)", '["12000","67000")'),
        (
            "tstzrange",
            '["1985-07-23 11:12:13+00",infinity)',
            '["1985-07-01 00:00:00+00","infinity")',
        ),
    ],
)
def test_a_range_stays_a_range(type_name: str, value: str, replaced: str) -> None:
    assert _redacted(type_name, [value]) == [replaced]


def test_labels_and_booleans_stay() -> None:
    assert _redacted("public.colour", ["red", "green"]) == ["red", "green"]
    assert _redacted("boolean", ["t", "f"]) == ["t", "f"]


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("public.colour", "blue"),
        ("boolean", "maybe"),
        ("uuid", "canary"),
        ("bytea", "\\xzz"),
        ("inet", "999.1.1.1"),
        ("jsonb", "{"),
        ("jsonb", "NaN"),
        ("jsonb", "[" * 50_000),
        ("integer", "ten"),
        ("date", "0044-03-15 BC"),
        ("public.place", "(a)"),
        ("int4range", "[1,2,3]"),
        ("public.geometry", "0101"),
        ("money", "$1.00"),
    ],
)
def test_what_cannot_be_replaced_is_refused(type_name: str, value: str) -> None:
    with pytest.raises(HiddenError):
        _redacted(type_name, [value])


def test_padding_makes_no_difference() -> None:
    one, other = _redacted("character(20)", ["canary    ", "canary"])

    assert one == other


def test_letters_that_differ_by_case_alone_are_one_in_citext() -> None:
    one, other, third = _redacted("public.citext", ["Canary", "cANARY", "Bird"])

    assert one == other
    assert third < one


def test_the_empty_text_stays() -> None:
    assert _redacted("text", [""]) == [""]


def test_a_kept_text_stays_wherever_it_stands() -> None:
    kept = frozenset({"open"})

    assert _redacted("text", ["open"], kept=kept) == ["open"]
    assert _redacted("text[]", ["{open}"], kept=kept) == ['{"open"}']
    assert _redacted("jsonb", ['{"x": "open"}'], kept=kept)[0].endswith(': "open"}')


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("smallint", ["-7", "12", "31999"]),
        ("bigint", ["-7", "12", "491701234567"]),
        ("numeric(5,2)", ["1.10", "1.11", "999.99"]),
        ("date", ["1985-07-23", "1985-07-24", "2001-01-01"]),
        ("time without time zone", ["01:02:03", "11:12:13"]),
    ],
)
def test_values_of_a_named_column_become_pseudonyms(type_name: str, values: list[str]) -> None:
    shape = hidden_whole(TYPES.shape(type_name))

    found = _redacted(type_name, values, whole=True)

    keys = [form_of(shape.kind).key(text) for text in found]
    assert keys == sorted(set(keys))
    assert not set(found) & set(values)


def test_pseudonyms_of_numbers_fit_their_type() -> None:
    [found] = _redacted("numeric(5,2)", ["999.99"], whole=True)

    whole, _, fraction = found.partition(".")
    assert len(whole) <= 3
    assert len(fraction) == 2


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ("t", "boolean"),
        ("12", "bigint"),
        ("1.5", "numeric"),
        ("c0ffee00-1234-4321-abcd-0123456789ab", "uuid"),
        ("\\xc0ffee", "bytea"),
        ("1985-07-23", "date"),
        ("1985-07-23 11:12", "timestamp"),
        ("1985-07-23 11:12:13+00", "timestamptz"),
        ("11:12", "time"),
        ("10.0.0.1", "inet"),
        ("fd00::1/64", "inet"),
        ('{"a": 1}', "jsonb"),
        ("[1, 2]", "jsonb"),
        ("{a,b}", "text[]"),
        ("canary", "text"),
        ("dead.beef", "text"),
        ("", "text"),
    ],
)
def test_guesses_the_type_of_a_value(value: str, type_name: str) -> None:
    assert guess_type([value]) == type_name
