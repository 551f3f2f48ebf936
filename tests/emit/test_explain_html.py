"""Explained plans as a page with pictures."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pgadvisor.emit.explain_html import render_explained_html
from pgadvisor.emit.pev2 import ASSETS, viewer
from pgadvisor.parse.plans.executed import executed_plan
from tests.emit.explain_sample import BEFORE, after, before, estimated, explained
from tests.emit.test_html import Reader

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e"


def scripts(html: str, kind: str = "") -> list[str]:
    return re.findall(rf"<script{kind}>(.*?)</script>", html, re.DOTALL)


def test_lets_its_own_scripts_run_and_nothing_else() -> None:
    html = render_explained_html([before()])

    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    allowed = set(re.findall(r"'sha256-([^']*)'", policy))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert {
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in scripts(html)
    } == allowed
    assert "unsafe-eval" not in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_holds_the_plan_as_the_picture_reads_it_without_literals() -> None:
    html = render_explained_html([before()])

    [source] = scripts(html, ' type="application/json" id="plan-1"')
    [document] = json.loads(source)
    assert executed_plan(document) == before().plan
    assert "zebra" not in html
    assert "48213" not in re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)


def test_names_cannot_break_out() -> None:
    hostile = BEFORE.replace("on orders o", f'on "{HOSTILE}" o').replace("c.name", f'"{HOSTILE}"')
    html = render_explained_html(explained(hostile, source=HOSTILE))

    page = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert "<img src=x" not in page
    assert "<script>alert" not in html
    assert "\u202e" not in page


def test_shows_findings_beside_the_picture_and_figures_below_it() -> None:
    html = render_explained_html([before()])

    assert html.count('class="picture"') == 1
    assert "138,800 rows of orders were read and thrown away" in html
    assert '<a href="#plan/node/4">#4</a> Seq Scan on orders o' in html
    assert "at most 152 ms (74.1 %) of the execution" in html
    assert "finding 1" in html


def test_shows_what_changed_above_both_pictures() -> None:
    html = render_explained_html([before(), after()], [(0, 1)])

    assert html.count('class="picture"') == 2
    assert "<b>#4 Index Only Scan using orders_status_customer on orders o</b>" in html
    assert "<li>was Seq Scan on orders o" in html


def test_has_the_licence_of_each_part() -> None:
    names = json.loads((ASSETS / "versions.json").read_text())

    assert set(names) == {"pev2", "vue", "bootstrap"}
    for name in names:
        assert (ASSETS / name / "LICENSE").read_text()
    assert "Dalibo" in (ASSETS / "pev2" / "LICENSE").read_text()
    assert "highlight.js" in dict(viewer().licences)["in pev2"]
    assert viewer().version == names["pev2"]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to draw it")
@pytest.mark.parametrize("plan", [before(), estimated()], ids=["executed", "estimated"])
def test_a_browser_draws_the_plan_without_a_network(plan: object, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    page.write_text(render_explained_html([plan]), encoding="utf-8")  # type: ignore[list-item]
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000"),
        *("--proxy-server=127.0.0.1:1", f"--user-data-dir={tmp_path / 'profile'}"),
        *("--window-size=1400,1000", "--dump-dom", page.as_uri()),
    ]

    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # type: ignore[arg-type]  # noqa: S603

    drawn = ended.stdout.partition('class="picture"')[2].partition('class="beside"')[0]
    assert "Seq Scan" in drawn
    assert "plan-node" in drawn


def test_closes_what_it_opens() -> None:
    pages = (
        render_explained_html([before(), after()], [(0, 1)]),
        render_explained_html([before(), before()], [(0, 1)]),
        render_explained_html([estimated()]),
    )

    for html in pages:
        assert Reader(html).open == []
