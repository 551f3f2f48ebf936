"""The rows that each application's tables get before it goes to work."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.foreign.filler import Filling

_SUCCESSES = (
    "case when g % 400 = 0 then 'failed' when g % 401 = 0 then 'running' else 'success' end"
)

FILLINGS: Mapping[str, Filling] = {
    "airflow": Filling(
        rows={"dag_run": 60_000, "log": 300_000, "job": 5_000},
        values={
            ("dag_run", "dag_id"): "'example_' || g % 40",
            ("dag_run", "run_id"): "'scheduled__' || g",
            ("dag_run", "state"): _SUCCESSES,
            ("dag_run", "run_type"): "'scheduled'",
            ("dag_run", "logical_date"): "timestamptz '2026-11-01' - g * interval '1 minute'",
            ("dag_run", "created_dag_version_id"): "null",
            ("dag_run", "backfill_id"): "null",
            ("dag_run", "log_template_id"): "null",
            ("job", "state"): "'success'",
            ("job", "job_type"): "'SchedulerJob'",
        },
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
        rows={"django_session": 100_000, "wagtailcore_modellogentry": 60_000},
        values={("django_session", "session_key"): "md5(g::text)"},
    ),
}
