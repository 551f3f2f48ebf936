"""The rows that each application's tables get before it goes to work."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.foreign.filler import Filling

_ENDS = "case when g % 400 = 0 then 'failed' else 'success' end"
_EXAMPLES = """array['example_bash_operator', 'example_branch_labels', 'tutorial',
    'example_complex', 'example_dag_decorator', 'example_nested_branch_dag', 'example_skip_dag',
    'example_task_group', 'example_xcom', 'latest_only']"""

_VERSION = f"(select id from dag_version v where v.dag_id = ({_EXAMPLES})[1 + g % 10] limit 1)"
_OF_VERSIONS = """
update task_instance t set dag_version_id = v.id from dag_version v where v.dag_id = t.dag_id
"""

_SECTIONS = 200
"""Of a site, each with 300 pages."""
_IS_SECTION = f"g <= {_SECTIONS}"
_KIND = f"case when {_IS_SECTION} then 'section-' else 'page-' end"
_SECTION = f"(1 + (g - 1) % {_SECTIONS})"
_WORDS = """'thing ' ||
    (select string_agg('word' || g % (499 + i), ' ') from generate_series(1, 1 + g % 6) i)"""
_TITLE = "'Page ' || g || ' of thing ' || g % 500"
_PAGES = "(select id from django_content_type where (app_label, model) = ('wagtailcore', 'page'))"

_IMAGES = (
    "(select id from django_content_type where (app_label, model) = ('wagtailimages', 'image'))"
)

_REVISED = """
update wagtailcore_page p set latest_revision_id = r.id, live_revision_id = r.id
from (select object_id, max(id) as id from wagtailcore_revision group by 1) r
where r.object_id = p.id::text
"""


def _step(number: str) -> str:
    """A step of a page's path in the tree: four digits to the base of 36."""
    digits = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
    places = (f"substr({digits}, ({number}) / {36**place} % 36 + 1, 1)" for place in (3, 2, 1, 0))
    return " || ".join(places)


_SECTION_STEP = _step(_SECTION)
_PAGE_STEP = f"case when {_IS_SECTION} then '' else {_step(f'(g - 1) / {_SECTIONS}')} end"

FILLINGS: Mapping[str, Filling] = {
    "airflow": Filling(
        rows={
            "dag_run": 60_000,
            "task_instance": 300_000,
            "log": 300_000,
            "job": 5_000,
        },
        values={
            ("dag_run", "dag_id"): f"({_EXAMPLES})[1 + g % 10]",
            ("dag_run", "run_id"): "'scheduled__' || g",
            ("dag_run", "state"): _ENDS,
            ("dag_run", "run_type"): "'scheduled'",
            ("dag_run", "logical_date"): "timestamptz '2026-11-01' - g * interval '1 minute'",
            ("dag_run", "created_dag_version_id"): _VERSION,
            ("dag_run", "backfill_id"): "null",
            ("dag_run", "context_carrier"): "null",
            ("dag_run", "log_template_id"): "null",
            ("dag_run", "triggered_by"): "'TIMETABLE'",
            **{
                ("task_instance", column): "null"
                for column in ("executor_config", "next_kwargs", "next_method", "context_carrier")
            },
            ("task_instance", "task_id"): "'task_' || (g - 1) / 60000",
            ("task_instance", "map_index"): "-1",
            ("task_instance", "state"): _ENDS,
            ("task_instance", "pool"): "'default_pool'",
            ("task_instance", "dag_version_id"): "null",
            ("task_instance", "trigger_id"): "null",
            ("log", "dag_id"): f"({_EXAMPLES})[1 + g % 10]",
            ("log", "run_id"): "'scheduled__' || g % 60000",
            ("log", "task_id"): "'task_' || g % 5",
            ("log", "event"): "case when g % 50 = 0 then 'trigger' else 'running' end",
            ("job", "state"): "'success'",
            ("job", "job_type"): "'SchedulerJob'",
        },
        after=(
            _OF_VERSIONS,
            "vacuum full task_instance",
        ),
    ),
    "mlflow": Filling(
        rows={
            "runs": 30_000,
            "metrics": 600_000,
            "latest_metrics": 90_000,
            "params": 150_000,
            "tags": 120_000,
        },
        values={
            ("runs", "run_uuid"): "md5(g::text)",
            ("runs", "experiment_id"): "0",
            ("runs", "status"): "case when g % 50 = 0 then 'FAILED' else 'FINISHED' end",
            ("runs", "source_type"): "'LOCAL'",
            ("runs", "lifecycle_stage"): "case when g % 30 = 0 then 'deleted' else 'active' end",
            ("runs", "start_time"): "1760000000000 + g * 1000::bigint",
            ("metrics", "key"): "'metric ' || g % 12",
            ("metrics", "timestamp"): "1760000000000 + g",
            ("metrics", "step"): "g % 1000",
            ("metrics", "is_nan"): "false",
            ("latest_metrics", "key"): "'metric ' || g / 30000",
            ("latest_metrics", "is_nan"): "false",
            ("params", "key"): "'param ' || g / 30000",
            ("tags", "key"): "'tag ' || g / 30000",
        },
    ),
    "procrastinate": Filling(
        rows={"procrastinate_jobs": 200_000, "procrastinate_events": 500_000},
        values={
            ("procrastinate_jobs", "queue_name"): "'queue ' || g % 5",
            ("procrastinate_jobs", "task_name"): "'task ' || g % 20",
            ("procrastinate_jobs", "status"): "case when g % 100 = 0 then 'failed'"
            " else 'succeeded' end::procrastinate_job_status",
            ("procrastinate_jobs", "abort_requested"): "false",
            ("procrastinate_jobs", "queueing_lock"): "null",
            ("procrastinate_jobs", "worker_id"): "null",
        },
    ),
    "django": Filling(
        rows={
            "auth_group": 50,
            "auth_user": 60_000,
            "auth_user_groups": 100_000,
            "django_session": 200_000,
            "django_admin_log": 150_000,
        },
        values={
            ("auth_user", "is_superuser"): "false",
            ("auth_user", "is_staff"): "g % 100 = 0",
            ("auth_user", "is_active"): "g % 20 > 0",
            ("auth_user", "email"): "'user' || g || '@example.org'",
            ("django_session", "session_key"): "md5(g::text)",
            ("django_session", "expire_date"): "timestamptz '2026-12-10' + g * interval '3 s'",
            ("django_admin_log", "action_flag"): "1 + g % 3",
        },
    ),
    "wagtail": Filling(
        rows={
            "wagtailcore_page": _SECTIONS * 301,
            "wagtailcore_revision": 120_000,
            "wagtailcore_pagelogentry": 200_000,
            "wagtailcore_modellogentry": 60_000,
            "wagtailcore_referenceindex": 100_000,
            "wagtailimages_image": 30_000,
            "wagtailimages_rendition": 90_000,
            "wagtailsearch_indexentry": _SECTIONS * 301,
            "django_session": 100_000,
        },
        values={
            ("wagtailcore_page", "path"): f"'00010001' || {_SECTION_STEP} || {_PAGE_STEP}",
            ("wagtailcore_page", "depth"): f"case when {_IS_SECTION} then 3 else 4 end",
            ("wagtailcore_page", "numchild"): f"case when {_IS_SECTION} then 300 else 0 end",
            ("wagtailcore_page", "slug"): f"{_KIND} || g",
            ("wagtailcore_page", "url_path"): f"'/home/section-' || {_SECTION}"
            f" || case when {_IS_SECTION} then '/' else '/page-' || g || '/' end",
            ("wagtailcore_page", "title"): _TITLE,
            ("wagtailcore_page", "draft_title"): _TITLE,
            ("wagtailcore_page", "live"): "g % 19 > 0",
            ("wagtailcore_page", "expired"): "false",
            ("wagtailcore_page", "locked"): "false",
            ("wagtailcore_page", "go_live_at"): "null",
            ("wagtailcore_page", "expire_at"): "null",
            ("wagtailcore_page", "locked_at"): "null",
            ("wagtailcore_page", "owner_id"): "null",
            ("wagtailcore_page", "content_type_id"): _PAGES,
            ("wagtailcore_revision", "content_type_id"): _PAGES,
            ("wagtailcore_revision", "base_content_type_id"): _PAGES,
            ("wagtailcore_revision", "object_id"): f"(3 + g % {_SECTIONS * 301})::text",
            ("wagtailcore_revision", "approved_go_live_at"): "null",
            ("wagtailcore_revision", "content"): "jsonb_build_object('pk', 3 + g"
            f" % {_SECTIONS * 301}, 'title', 'Draft ' || g, 'slug', 'draft-' || g)",
            # Of pages that are gone, entries are all that is left.
            ("wagtailcore_pagelogentry", "page_id"): "case when g % 50 = 0 then 1000000 + g"
            f" else 3 + g % {_SECTIONS * 301} end",
            ("wagtailcore_pagelogentry", "content_type_id"): _PAGES,
            ("wagtailcore_pagelogentry", "action"): "'wagtail.edit'",
            ("wagtailcore_pagelogentry", "deleted"): "g % 50 = 0",
            ("wagtailcore_modellogentry", "action"): "'wagtail.edit'",
            ("wagtailcore_modellogentry", "content_type_id"): _IMAGES,
            ("wagtailcore_modellogentry", "object_id"): "(1 + g % 30000)::text",
            ("wagtailcore_referenceindex", "content_type_id"): _PAGES,
            ("wagtailcore_referenceindex", "base_content_type_id"): _PAGES,
            ("wagtailcore_referenceindex", "object_id"): f"(3 + g % {_SECTIONS * 301})::text",
            ("wagtailcore_referenceindex", "to_content_type_id"): _PAGES,
            ("wagtailcore_referenceindex", "to_object_id"): "(3 + g % 5000)::text",
            # Without a size of its own an image's file is read for it.
            **{
                (table, column): "600"
                for table in ("wagtailimages_image", "wagtailimages_rendition")
                for column in ("width", "height")
            },
            ("wagtailimages_rendition", "filter_spec"): "'width-' || 100 * (1 + g / 30000)",
            ("wagtailimages_rendition", "focal_point_key"): "''",
            ("wagtailsearch_indexentry", "content_type_id"): _PAGES,
            ("wagtailsearch_indexentry", "object_id"): "(2 + g)::text",
            ("wagtailsearch_indexentry", "title"): f"to_tsvector('simple', {_WORDS})",
            # The mean number of words in a title, by that of its own.
            ("wagtailsearch_indexentry", "title_norm"): "4.5 / (2 + g % 6)",
            ("django_session", "session_key"): "md5(g::text)",
        },
        after=(
            f"update wagtailcore_page set numchild = {_SECTIONS} where depth = 2",
            _REVISED,
            "vacuum full wagtailcore_page",
        ),
    ),
}
