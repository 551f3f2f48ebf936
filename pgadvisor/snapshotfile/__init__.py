"""Snapshots in files: redacted, compressed, versioned, and read with suspicion."""

from pgadvisor.snapshotfile.file import check_target, is_snapshot, load, save
from pgadvisor.snapshotfile.pseudonym import is_role_pseudonym, mentions_pseudonym
from pgadvisor.snapshotfile.redact import Level, describe_redaction, redact

__all__ = [
    "Level",
    "check_target",
    "describe_redaction",
    "is_role_pseudonym",
    "is_snapshot",
    "load",
    "mentions_pseudonym",
    "redact",
    "save",
]
