"""Passwords and the master key of one data directory: made once, kept with mode 0600, never replaced."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from starter.up.refused import Refused

LATER = "tuntas_notary"
"""The password that a data directory of version 0.1 does not have yet."""


@dataclass(frozen=True)
class Secrets:
    """The passwords `tuntas up` made for this data directory."""

    postgres: str = field(repr=False)  # of the superuser
    tuntas_owner: str = field(repr=False)
    tuntas_app: str = field(repr=False)
    demo: str = field(repr=False)
    tuntas_notary: str = field(repr=False)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads; a crash leaves the old one or the new one, never half of it."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # a password used by a database must not be lost with the name of its file
    finally:
        os.close(directory)


def load_secrets(file: Path, database_exists: bool) -> Secrets:
    """The passwords of this data directory, made if it is new."""
    if file.exists():
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            if LATER not in kept:
                kept |= {LATER: secrets.token_urlsafe(24)}
                write_private(file, json.dumps(kept, indent=2) + "\n")
            return Secrets(**kept)
        except (ValueError, TypeError) as error:
            raise Refused(f"{file} cannot be read as the passwords `tuntas up` wrote. Restore it.") from error
    _refuse_a_new_one(file, database_exists, "the passwords of its accounts")
    made = Secrets(*(secrets.token_urlsafe(size) for size in (24, 24, 24, 15, 24)))
    write_private(file, json.dumps(asdict(made), indent=2) + "\n")
    return made


def ensure_master_key(file: Path, database_exists: bool) -> Path:
    """The file with the master key, 32 random bytes in base64, made if the data directory is new.

    A key that lies beside the data it seals suits demonstrations; an office keeps it elsewhere.
    """
    if not file.exists():
        _refuse_a_new_one(file, database_exists, "the key that opens its cases")
        write_private(file, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    return file


def ensure_signing_key(file: Path, kept: Path) -> Path:
    """The file with the key that signs checkpoints, made if the data directory has none to sign; `kept` are passwords.

    To be asked before these are loaded: they gain the notary's, and from then on the key must be there.
    """
    if not file.exists():
        signs = kept.exists() and LATER in kept.read_text(encoding="utf-8", errors="replace")
        _refuse_a_new_one(file, signs, "the key that its checkpoints are signed with")
        write_private(file, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    return file


def _refuse_a_new_one(file: Path, database_exists: bool, what: str) -> None:
    # A fresh key beside an old database would look like a good start and leave every sealed text unreadable.
    if database_exists:
        raise Refused(f"{file} is missing, but a database exists: the file holds {what}. Restore it from a backup.")
