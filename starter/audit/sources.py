"""What a verification reads, on the servers of the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from casework.assembly import Adapters, wall_clock
from casework.db.audit import SqlAudit
from casework.db.checkpoints import SqlCheckpoints
from casework.db.session import engine_for
from casework.settings import Settings
from casework.temporal.histories import CaseHistories
from casework.vault.errors import VaultError
from casework.vault.signing import SigningKey, TrustedKeys
from starter.audit.verify import Sources
from starter.notaries import checkpoints_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporalio.client import Client

STATEMENT_SECONDS = 120.0
"""A part of the whole may take longer than what people wait for."""


@contextmanager
def sources(
    outside: Adapters, client: "Client | None", now: "Callable[[], datetime]" = wall_clock
) -> Iterator[Sources]:
    """On connections of its own; without a client the engine is not asked. Raises VaultError for want of a setting."""
    settings = outside.settings
    trusted, kept = trusted_keys(settings), checkpoints_engine(settings)
    url = settings.database_url.get_secret_value()
    engine = engine_for(url, size=2, statement_seconds=STATEMENT_SECONDS, name="tuntas-audit")
    try:
        yield Sources(
            audit=SqlAudit(engine),
            vault=outside.vault,
            checkpoints=lambda: SqlCheckpoints(kept).after(0),
            verify=trusted.verify,
            histories=CaseHistories(client) if client else None,
            now=now,
        )
    finally:
        engine.dispose()
        kept.dispose()


def trusted_keys(settings: Settings) -> TrustedKeys:
    """The public keys that checkpoints are believed by: those named, else the signing key's own."""
    named = [key.strip() for key in settings.checkpoint_keys.split(",") if key.strip()]
    if named:
        return TrustedKeys(named)
    if settings.signing_key_file is None:
        raise VaultError("name TUNTAS_CHECKPOINT_KEYS, or TUNTAS_SIGNING_KEY_FILE, to believe checkpoints by")
    return TrustedKeys([SigningKey.from_file(settings.signing_key_file).public])
