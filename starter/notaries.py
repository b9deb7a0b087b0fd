"""A notary on the servers of the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from casework.assembly import Adapters
from casework.db.access_chain import SqlAccessChain
from casework.db.checkpoints import SqlCheckpoints
from casework.db.heads import SqlHeads
from casework.db.notices import SqlNotices
from casework.db.overseers import auditors
from casework.db.session import engine_for
from casework.models.checkpoint import Attested
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.office import Office
from casework.settings import Settings
from casework.vault.errors import VaultError
from casework.vault.signing import SigningKey
from starter.notary import Notary, Tools

CONNECTIONS = 2
"""Of its own, which nobody else can use up."""


def signing_key_of(settings: Settings) -> SigningKey:
    """The key that checkpoints are signed with; raises VaultError where there is none, or nowhere to keep them."""
    if settings.signing_key_file is None or settings.checkpoints_url is None:
        raise VaultError(
            "a worker signs what the logs have come to: it needs TUNTAS_SIGNING_KEY_FILE and CHECKPOINTS_URL"
        )
    return SigningKey.from_file(settings.signing_key_file)


@contextmanager
def notary(outside: Adapters, own: Office) -> Iterator[Notary]:
    """A notary, on connections of its own; raises VaultError without a signing key."""
    settings = outside.settings
    key = signing_key_of(settings)
    record = engine_for(settings.database_url.get_secret_value(), size=CONNECTIONS, name="tuntas-notary", walled=True)
    kept = checkpoints_engine(settings)
    tools = Tools(
        key=key, tell=lambda told, now: _tell(record, told, now), now=own.now, zone=ZoneInfo(settings.timezone)
    )
    try:
        yield Notary(SqlAccessChain(record), SqlHeads(record), SqlCheckpoints(kept), tools)
    finally:
        record.dispose()
        kept.dispose()


def checkpoints_engine(settings: Settings) -> Engine:
    """Where checkpoints are kept."""
    if settings.checkpoints_url is None:
        raise VaultError("CHECKPOINTS_URL is not set")
    return engine_for(settings.checkpoints_url.get_secret_value(), size=1, name="tuntas-notary")


def _tell(engine: Engine, told: Attested, now: datetime) -> int:
    notices = [
        Notice(
            id=f"checkpoint.{told.number}.{auditor}",
            kind=NoticeKind.CHECKPOINT,
            recipient=Recipient(account_id=auditor),
            checkpoint=told,
            created_at=now,
        )
        for auditor in auditors(engine)
    ]
    return SqlNotices(engine).queue(notices)
