"""What rows need is what PostgreSQL takes for them."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.rulekit import packed_bytes
from pgadvisor.testing import a_table, column_statistics

WRITTEN = """
create table fixed (a bigint, b int, c timestamptz, d smallint, e bool, f float8);
insert into fixed select i, i, now(), 1, true, 1.5 from generate_series(1, 50000) i;
create table narrow (a int);
insert into narrow select i from generate_series(1, 50000) i;
create table texts (id bigint, a text, b int, c varchar(20), d timestamptz, e text);
insert into texts
    select i, repeat('x', i % 60), i, 'abc', now(), md5(i::text) from generate_series(1, 50000) i;
create table nulls (id bigint, a text, b int, c numeric(10, 2), d timestamptz, e uuid, f int);
insert into nulls
    select i, case when i % 2 = 0 then md5(i::text) end, case when i % 3 = 0 then i end, i % 1000,
        case when i % 4 > 0 then now() end, gen_random_uuid(), null
    from generate_series(1, 50000) i;
create table toasted (id bigint, body text, n int);
insert into toasted
    select i, (select string_agg(md5((i * j)::text), ' ') from generate_series(1, 99) j), i
    from generate_series(1, 2000) i;
create table filled (id bigint, a text) with (fillfactor = 70);
insert into filled select i, md5(i::text) from generate_series(1, 50000) i
"""


@pytest.mark.live
def test_predicts_the_length_of_tables_that_were_just_written(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(WRITTEN.encode())
        connection.execute("vacuum analyze")
    snapshot = collect(database)

    for table in snapshot.tables:
        known = {s.column: s for s in snapshot.column_statistics if s.relation_oid == table.oid}
        predicted = packed_bytes(table, known, table.rows)
        assert predicted == pytest.approx(table.size_bytes, rel=0.1), table.name
    assert len(snapshot.tables) == 6


def test_a_row_takes_a_page_at_least_where_it_is_wider_than_half_of_one() -> None:
    table = a_table("notes", "body text")
    wide = {"body": column_statistics(table, "body", average_width_bytes=6_000)}

    assert packed_bytes(table, wide, 10) == 10 * 8192


def test_no_rows_take_no_page() -> None:
    table = a_table("notes", "id bigint")

    assert packed_bytes(table, {"id": column_statistics(table, "id")}, 0) == 0
