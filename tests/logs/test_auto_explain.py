"""Plans that auto_explain logs."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.auto_explain import Explained, take_apart

TOP = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)"
NODES = f"{TOP}\n  Filter: (a = 'x')\nSettings: jit = 'off'"


def test_a_plan_as_text_ends_the_statement() -> None:
    message = f"Query Text: select a\nfrom t\nwhere a = $1;\n{NODES}"

    assert take_apart(message.encode()) == Explained(
        b"select a\nfrom t\nwhere a = $1;", b"", "text"
    )


def test_parameters_stand_between_statement_and_plan() -> None:
    message = f"Query Text: select $1\nQuery Parameters: $1 = 'it''s\nme', $2 = NULL\n{NODES}"

    assert take_apart(message.encode()) == Explained(
        b"select $1", b"$1 = 'it''s\nme', $2 = NULL", "text"
    )


def test_a_line_of_the_statement_that_looks_like_a_plan_is_part_of_it() -> None:
    message = f"Query Text: select '\n{TOP}\n'\n{NODES}"

    found = take_apart(message.encode())

    assert found is not None
    assert found.query == f"select '\n{TOP}\n'".encode()


def test_json_yaml_and_xml_have_it_in_quotes() -> None:
    text, values = "select \"a\",\n'<b> & \\é'", "$1 = '\"<&>\"'"
    as_json = json.dumps({"Query Text": text, "Query Parameters": values, "Plan": {}}, indent=2)
    as_yaml = f"Query Text: {json.dumps(text)}\nQuery Parameters: {json.dumps(values)}\nPlan: "
    escape = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;"})
    as_xml = (
        '<explain xmlns="http://www.postgresql.org/2009/explain">\n'
        f"  <Query-Text>{text.translate(escape)}</Query-Text>\n"
        f"  <Query-Parameters>{values.translate(escape)}</Query-Parameters>\n  <Plan>"
    )

    found = [take_apart(message.encode()) for message in (as_json, as_yaml, as_xml)]

    assert found == [
        Explained(text.encode(), values.encode(), name) for name in ("json", "yaml", "xml")
    ]


def test_a_plan_without_its_statement_is_none() -> None:
    assert take_apart(NODES.encode()) is None
    assert take_apart(b'{"Plan": {}}') is None
    assert take_apart(b"") is None


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"Query Text: ", b'Query Text: "', b"{", b"<"])
)
def test_no_bytes_are_too_odd(data: bytes, start: bytes) -> None:
    take_apart(start + data)
