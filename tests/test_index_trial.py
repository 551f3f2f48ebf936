"""New indexes for one statement."""

from __future__ import annotations

import pytest

from pgadvisor.errors import UsageError
from pgadvisor.index_trial import indexes_for
from pgadvisor.model.budget import Budget
from tests.cli.shop import a_shop

QUERY = "select * from orders where customer_id = 5 and status = 'open'"


@pytest.mark.live
def test_chooses_for_the_statement_alone_and_plans_it_with_the_choice() -> None:
    told: list[str] = []

    trial = indexes_for(a_shop(), QUERY, progress=lambda what, _done, _total: told.append(what))

    [chosen] = trial.choice.chosen
    assert chosen.candidate.definition.key_columns[0] == "customer_id"
    assert trial.tried.after is not None
    assert (trial.tried.cost_ratio or 1.0) < 0.05
    assert trial.tried.created[0].is_used(trial.tried.after)
    assert [sql.split(" ON ")[0].split('"')[0] for sql in trial.sql] == [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS "
    ]
    assert trial.choice.total_statements == 1
    assert "planning with the indexes" in told


@pytest.mark.live
def test_a_budget_holds() -> None:
    trial = indexes_for(a_shop(), QUERY, budget=Budget(max_indexes=0))

    assert trial.tried.after is None
    assert trial.sql == ()
    assert "too-many" in {rejected.code for rejected in trial.choice.rejected}


def test_refuses_what_is_no_query() -> None:
    with pytest.raises(UsageError, match="is no SELECT, INSERT, UPDATE, DELETE or MERGE"):
        indexes_for(a_shop(), "vacuum")
