"""Values for parameters, as they are written on the command line."""

from __future__ import annotations

import pytest

from pgadvisor.parse.parameter_values import ParameterValue, read_parameter_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1=42", ParameterValue(number=1, value="42")),
        ("$2=it's", ParameterValue(number=2, value="it's")),
        ("3=", ParameterValue(number=3, value="")),
        ("1=a=b\nc", ParameterValue(number=1, value="a=b\nc")),
        ("1=::1", ParameterValue(number=1, value="::1")),
        ("2:date=2026-01-31", ParameterValue(number=2, value="2026-01-31", type_name="date")),
        ("2:numeric(10, 2)=1", ParameterValue(number=2, value="1", type_name="numeric(10, 2)")),
        ("2:app.mood[]={}", ParameterValue(number=2, value="{}", type_name="app.mood[]")),
        (
            '1:"We ird"."T""ype"=x',
            ParameterValue(number=1, value="x", type_name='"We ird"."T""ype"'),
        ),
        (
            "1:timestamp (3) with time zone=now",
            ParameterValue(number=1, value="now", type_name="timestamp (3) with time zone"),
        ),
        ("4", ParameterValue(number=4, value=None)),
        ("4:date", ParameterValue(number=4, value=None, type_name="date")),
    ],
)
def test_reads(text: str, expected: ParameterValue) -> None:
    assert read_parameter_value(text) == expected


@pytest.mark.parametrize("text", ["", "x=1", "=1", "1 2", "1=\0", "0=1", "-1=1", "123456=1"])
def test_refuses_what_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"write N=VALUE|counted from 1|NUL"):
        read_parameter_value(text)


@pytest.mark.parametrize(
    "type_name",
    [
        "",
        "integer) as select 1; drop table x; --",
        "integer, text",
        "text -- x",
        "text /* x */",
        "'text'",
        "int; select 1",
        "numeric(f(1))",
        "numeric(1) as (select 1)",
        'a"b',
        "$tag$",
        "orders.id%type",
    ],
)
def test_a_type_is_nothing_but_a_type(type_name: str) -> None:
    with pytest.raises(ValueError, match="the type of \\$1 is written like no type"):
        read_parameter_value(f"1:{type_name}=1")
