"""JSON may be shown on a terminal too."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

from pgadvisor.emit.json import render_json
from tests.emit.sample import WINDOW, an_advice

UNSAFE = "\x9b31m \x85 \u202e \u2028 \u2066 \ufeff \x7f"


def test_writes_what_a_terminal_acts_upon_by_number() -> None:
    advice = replace(an_advice(), statement_window=replace(WINDOW, note=UNSAFE))

    text = render_json(advice)

    categories = {unicodedata.category(c) for c in text if c != "\n"}
    assert not categories & {"Cc", "Cf", "Zl", "Zp"}
    assert json.loads(text)["window"]["note"] == UNSAFE
