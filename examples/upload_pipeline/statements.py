"""What the application sends: once as the hurried team wrote it, once as it was mended.

The code that runs them is the same. Each text ends in a tag that says which part of the
application sent it, as tracing libraries do, so that pg_stat_statements can be summed by part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

ANCHOR = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""The "now" of the generated data."""

PAGE_ROWS = 100
"""Jobs on one page of the list."""

JOBS_OF_LARGEST_TENANT = 40_000
"""Roughly; tenant k has about 1/k of it."""

Parameters = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The texts that differ between the hurried team and the careful one."""

    claim: LiteralString
    """One pending job of a stage; parameter: the stage."""
    list_jobs: LiteralString
    """One page of a tenant's jobs, the newest first."""
    page_parameters: Callable[[int, int], Parameters]
    """From a tenant and the number of a page, the parameters of ``list_jobs``."""


START = """
update upload_jobs
set status = 'running', worker = %s, attempts = attempts + 1, updated_at = now()
where id = %s /* worker */
"""

READ_DOCUMENT = """
select file_name, content_type, size_bytes from documents where id = %s /* worker */
"""

FINISH = """
update upload_jobs
set stage = %s, status = %s, worker = null, updated_at = now()
where id = %s /* worker */
"""

RECORD = """
insert into stage_events (job_id, stage, worker, finished_at)
values (%s, %s, %s, now()) /* worker */
"""

ADD_CHUNK = """
insert into chunks (document_id, position, token_count, content_hash)
values (%s, %s, %s, %s) /* worker */
"""

KEY_OF_TENANT = """
select tenant_id from api_keys where key_hash = %s /* page */
"""

COUNT_JOBS = """
select stage, status, count(*)
from upload_jobs
where tenant_id = %s and created_at >= %s
group by stage, status /* page */
"""

RECENT_DOCUMENTS = """
select id, file_name, size_bytes, uploaded_at
from documents
where tenant_id = %s
order by uploaded_at desc
limit 20 /* page */
"""

COUNT_DOCUMENTS = """
select count(*) from documents where tenant_id = %s /* page */
"""

JOBS_OF_DOCUMENT = """
select id, stage, status, attempts, error
from upload_jobs
where document_id = %s
order by created_at /* page */
"""

CHUNKS_OF_DOCUMENT = """
select count(*), sum(token_count) from chunks where document_id = %s /* page */
"""

FIND_BY_NAME = """
select id, tenant_id, file_name, uploaded_at
from documents
where lower(file_name) = lower(%s) /* page */
"""

TOKENS_REPORT = """
select document_id, sum(token_count) as tokens
from chunks
group by document_id
order by tokens desc
limit 20 /* report */
"""

RECENT_ERRORS = """
select job.id, job.stage, job.error, document.file_name
from upload_jobs as job
join documents as document on document.id = job.document_id
where job.status = 'error' and job.updated_at >= %s
order by job.updated_at desc
limit 100 /* report */
"""

USAGE_REPORT = """
select tenant_id, sum(stored_bytes) from storage_usage group by tenant_id /* report */
"""

ERASE_DOCUMENT = """
delete from documents where id = %s /* report */
"""

_CLAIM = """
select id, document_id
from upload_jobs
where stage = %s and status = 'pending'
order by created_at
limit 1
for update"""

_LIST = """
select job.id, job.stage, job.status, job.created_at, document.file_name
from upload_jobs as job
join documents as document on document.id = job.document_id
where job.tenant_id = %s"""


def _offset(tenant: int, page: int) -> Parameters:
    return tenant, PAGE_ROWS, page * PAGE_ROWS


def _cursor(tenant: int, page: int) -> Parameters:
    """Where a client that has read so many pages stands: about 55 days hold all jobs."""
    span = timedelta(days=55) * tenant * PAGE_ROWS / JOBS_OF_LARGEST_TENANT
    return tenant, ANCHOR - page * span, 2**31 - 1, PAGE_ROWS


HURRIED = Statements(
    claim=_CLAIM + " /* claim */",
    list_jobs=_LIST + "\norder by job.created_at desc\nlimit %s offset %s /* page */",
    page_parameters=_offset,
)
"""As it went into production."""

MENDED = Statements(
    claim=_CLAIM + " skip locked /* claim */",
    list_jobs=_LIST
    + " and (job.created_at, job.id) < (%s, %s)"
    + "\norder by job.created_at desc, job.id desc\nlimit %s /* page */",
    page_parameters=_cursor,
)
"""After a careful team has been through it."""
