"""Fill a database with the upload pipeline's tables and rows.

Run by path: ``python examples/upload_pipeline/generate.py DSN [JOBS]``. The same seed and size
give the same rows in the same order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

HERE = Path(__file__).resolve().parent

ANCHOR = "2026-03-01 12:00:00+00"
"""The "now" of the data: a fixed instant, so that two loads are equal."""

FIRST_CHUNK_ID = 1_930_000_000
"""Two years of cutting documents anew have used up nine tenths of an integer key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large the system is; all else follows from the number of jobs."""

    jobs: int = 400_000
    tenants: int = 500
    seed: float = 0.2026
    """For ``setseed``: from -1 to 1."""

    @property
    def documents(self) -> int:
        """Five jobs in six are first uploads, the rest are documents processed anew."""
        return self.jobs * 5 // 6

    @property
    def backlog(self) -> int:
        """Jobs that are not finished: more than the fast side takes in its windows."""
        return self.jobs // 5

    @property
    def settings(self) -> dict[str, int | str]:
        """The names that the statements below use."""
        return {
            "jobs": self.jobs,
            "tenants": self.tenants,
            "documents": self.documents,
            "finished": self.jobs - self.backlog,
            "anchor": ANCHOR,
            "first_chunk_id": FIRST_CHUNK_ID,
        }


TENANTS = """
insert into tenants (name, plan, created_at)
select
    'tenant ' || n,
    case when n <= 20 then 'enterprise' when n <= 100 then 'team' else 'free' end,
    %(anchor)s::timestamptz - interval '2 years' + n * interval '1 day'
from generate_series(1, %(tenants)s::int) as n
"""

API_KEYS = """
insert into api_keys (tenant_id, key_hash, created_at)
select 1 + n / 3, md5('key ' || n), %(anchor)s::timestamptz - interval '1 year'
from generate_series(0, %(tenants)s::int * 3 - 1) as n
"""

# exp(u * ln(N + 1)) makes tenant k about 1/k as large as the first one: Zipf's law.
DOCUMENTS = """
insert into documents (tenant_id, file_name, content_type, size_bytes, uploaded_at)
select
    floor(exp(random() * ln(%(tenants)s::int + 1)))::int,
    case when n %% 97 = 0 then 'Invoice.PDF' else 'Report ' || n || '.pdf' end,
    case when n %% 7 = 0 then 'text/plain' else 'application/pdf' end,
    (1000 + random() * random() * 5000000)::int,
    %(anchor)s::timestamptz - (%(documents)s::int - n) * interval '15 seconds'
from generate_series(1, %(documents)s::int) as n
"""

# The finished jobs are old; the backlog came within the last hours. Near the end of the finished
# ones every document is processed anew, and the backlog takes up the newest documents.
JOBS = """
insert into upload_jobs
    (document_id, tenant_id, stage, status, attempts, error, created_at, updated_at)
select
    drawn.document_id,
    document.tenant_id,
    case
        when drawn.n > %(finished)s::int then
            case
                when lot < 0.40 then 'received'
                when lot < 0.55 then 'parsed'
                when lot < 0.70 then 'chunked'
                when lot < 0.85 then 'embedded'
                else 'stored'
            end
        when lot < 0.010 then 'failed'
        when lot < 0.015 then 'parsed'
        when lot < 0.020 then 'embedded'
        else 'done'
    end,
    case
        when drawn.n > %(finished)s::int then 'pending'
        when lot < 0.020 then 'error'
        else 'done'
    end,
    case when drawn.n > %(finished)s::int then 0 else 5 end,
    case when drawn.n <= %(finished)s::int and lot < 0.020 then 'cannot read page 1' end,
    drawn.created_at,
    drawn.created_at + drawn.minutes * interval '1 minute'
from (
    select
        n,
        1 + (n - 1) %% %(documents)s::int as document_id,
        random() as lot,
        random() * 30 as minutes,
        case
            when n > %(finished)s::int
                then %(anchor)s::timestamptz - (%(jobs)s::int - n) * interval '300 milliseconds'
            else %(anchor)s::timestamptz - interval '8 hours'
                - (%(finished)s::int - n) * interval '15 seconds'
        end as created_at
    from generate_series(1, %(jobs)s::int) as n
) as drawn
join documents as document on document.id = drawn.document_id
order by drawn.n
"""

CHUNKS = """
insert into chunks (id, document_id, position, token_count, content_hash)
select
    %(first_chunk_id)s::int + n,
    1 + (n - 1) %% %(documents)s::int,
    (n - 1) / %(documents)s::int,
    200 + (random() * 600)::int,
    md5('chunk ' || n)
from generate_series(1, %(jobs)s::int * 3 / 2) as n
"""

CHUNK_SEQUENCE = "select setval('chunks_id_seq', (select max(id) from chunks))"

STAGE_EVENTS = """
insert into stage_events (job_id, stage, worker, finished_at)
select id, 'stored', 'worker ' || id %% 10, updated_at
from upload_jobs
where stage = 'done'
order by id
"""

STORAGE_USAGE = """
insert into storage_usage (document_id, tenant_id, stored_bytes, counted_at)
select id, tenant_id, size_bytes, uploaded_at
from documents
where id %% 4 = 0
order by id
"""

STEPS: tuple[tuple[str, LiteralString], ...] = (
    ("tenants", TENANTS),
    ("api_keys", API_KEYS),
    ("documents", DOCUMENTS),
    ("upload_jobs", JOBS),
    ("chunks", CHUNKS),
    ("chunks_id_seq", CHUNK_SEQUENCE),
    ("stage_events", STAGE_EVENTS),
    ("storage_usage", STORAGE_USAGE),
)

FAILING_UNIQUE_INDEX = """
create unique index concurrently documents_tenant_id_file_name_key
    on documents (tenant_id, file_name)
"""

RECOUNT = """
update storage_usage
set stored_bytes = stored_bytes + 4096, counted_at = %(anchor)s::timestamptz
"""


def load(dsn: str, scale: Scale, *, progress: Callable[[str], None] = lambda _: None) -> None:
    """Create the tables, the rows, the keys and indexes, and the statistics.

    Args:
        dsn: An empty database.
        scale: How much of everything.
        progress: Told what is being done.

    Raises:
        psycopg.Error: The database is not empty, or the server stopped.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((HERE / "schema.sql").read_bytes())
        # No transaction spans two steps, so the seed is set for the session.
        connection.execute("select setseed(%s)", (scale.seed,))
        for name, statement in STEPS:
            progress(f"loading {name}")
            connection.execute(statement, scale.settings)
        progress("building keys and indexes")
        connection.execute((HERE / "indexes.sql").read_bytes())
        _leave_an_invalid_index(connection)
        progress("vacuum and analyze")
        connection.execute("vacuum (analyze)")


def recount_storage(connection: psycopg.Connection) -> None:
    """Run the nightly job after which the statistics of storage_usage are stale."""
    connection.execute(RECOUNT, {"anchor": ANCHOR})


def mend(connection: psycopg.Connection) -> None:
    """Do what a careful team does to the database; what it does to the code is ``MENDED``."""
    connection.execute((HERE / "mended.sql").read_bytes())
    connection.execute("vacuum (analyze)")


def _leave_an_invalid_index(connection: psycopg.Connection) -> None:
    """Try to forbid two documents of one name, which fails, as it did in production."""
    try:
        connection.execute(FAILING_UNIQUE_INDEX)
    except psycopg.errors.UniqueViolation:
        return
    raise ValueError("no tenant has two documents of one name: the scale is too small")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    chosen = Scale(jobs=int(sys.argv[2])) if sys.argv[2:] else Scale()
    load(sys.argv[1], chosen, progress=print)
    with psycopg.connect(sys.argv[1], autocommit=True) as session:
        recount_storage(session)
