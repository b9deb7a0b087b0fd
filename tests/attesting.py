"""What a worker signs with, and where it keeps what it signed, for tests."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from casework.settings import Settings
from tests.postgres import ScratchCheckpoints, scratch_checkpoints


def signing_key_in(home: Path) -> Path:
    """A file with a fresh signing key."""
    file = home / f"{secrets.token_hex(4)}.key"
    file.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    return file


def with_checkpoints(settings: Settings, made: ScratchCheckpoints, home: Path) -> Settings:
    """Settings with a key and a database of these."""
    own = {"checkpoints_url": SecretStr(made.url), "signing_key_file": signing_key_in(home)}
    return settings.model_copy(update=own)


@contextmanager
def attesting(settings: Settings, home: Path) -> Iterator[Settings]:
    """Settings that a worker starts with."""
    with scratch_checkpoints() as made:
        yield with_checkpoints(settings, made, home)
