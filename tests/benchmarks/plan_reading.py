"""How long reading executed plans takes, beside ``json.loads`` of the same plans.

``python -m tests.benchmarks.plan_reading`` takes the recorded plans of all majors, in all formats.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans

RECORDED = Path(__file__).parents[1] / "parse" / "plans" / "recorded"
FORMATS = ("json", "text", "yaml", "xml")
ROUNDS = 25
MAX_JSON_RATIO = 5.0
"""Of json.loads."""
MAX_TEXT_RATIO = 10.0
"""Of reading the same plans as JSON."""


def best_ms(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the best processor time of each; in turns, so that a busy machine matters little."""
    best: dict[str, float] = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], (time.process_time() - start) * 1_000)
    return best


def recorded() -> dict[str, list[str]]:
    """Return the texts of all recorded plans, by their formats."""
    texts: dict[str, list[str]] = {form: [] for form in FORMATS}
    for path in sorted(RECORDED.glob("*.json")):
        for statement in json.loads(path.read_text()).values():
            for form in FORMATS:
                texts[form].append(statement[form])
    return texts


def print_table(texts: dict[str, list[str]]) -> None:
    """Measure and print one table."""

    def reading(form: str) -> Callable[[], object]:
        return lambda: [read_plans(text) for text in texts[form]]

    runs: dict[str, Callable[[], object]] = {
        "json.loads": lambda: [json.loads(text) for text in texts["json"]]
    }
    runs |= {form: reading(form) for form in FORMATS}
    plans = [plan for text in texts["json"] for plan in read_plans(text)]
    runs["exclusive times"] = lambda: [plan_use(plan) for plan in plans]
    best = best_ms(runs)
    nodes = sum(1 for plan in plans for _ in plan.root.walk())
    print(f"{len(plans)} plans, {nodes} nodes\n")
    print("| | kB | ms | µs a node | of json.loads | of JSON |")
    print("|---|---|---|---|---|---|")
    for name, time_ms in best.items():
        size = sum(map(len, texts.get(name, texts["json"]))) / 1_000
        print(
            f"| {name} | {size:,.0f} | {time_ms:.1f} | {time_ms / nodes * 1_000:.0f} "
            f"| {time_ms / best['json.loads']:.1f} | {time_ms / best['json']:.1f} |"
        )
    assert best["json"] <= MAX_JSON_RATIO * best["json.loads"]
    assert best["text"] <= MAX_TEXT_RATIO * best["json"]
    print()


if __name__ == "__main__":
    print_table(recorded())
