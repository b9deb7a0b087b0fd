"""The certificate of an erasure."""

from casework.models.base import Id, Instant, Model


class Certificate(Model):
    """That a case was erased: its keys are destroyed, and what was sealed under them opens for nobody any more."""

    case_id: Id
    number: str
    decided_at: Instant
    decided_by: Id
    """Who decided it; `engine` where the time it was kept was over."""
    destroyed_at: Instant
    copies_until: Instant
    """Until when a backup of the key store may still hold a copy of the keys."""
    documents: int
    """Sealed texts, files and locations that can be opened no more."""
    log_rows: int
    log_digest: str
    """The digest of the last row of the log, which is what stays and which signed checkpoints cover."""
