"""The data directory: where things lie in it, and the lock that lets one supervisor use it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from starter.up.keys import write_private
from starter.up.refused import Refused


@dataclass(frozen=True)
class Place:
    """Paths inside one data directory."""

    root: Path
    crashed: bool  # the last supervisor here did not end by itself

    @property
    def postgres(self) -> Path:
        """Belongs to the account that the database server runs as."""
        return self.root / "postgres"

    @property
    def database(self) -> Path:
        """The cluster itself; it exists once it is complete."""
        return self.postgres / "data"

    @property
    def temporal(self) -> Path:
        """The engine's file and its home."""
        return self.root / "temporal"

    @property
    def logs(self) -> Path:
        """One log for each child."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Passwords, mode 0600."""
        return self.root / "secrets.json"

    @property
    def signing_key(self) -> Path:
        """The demonstration's key for checkpoints, mode 0600."""
        return self.root / "signing.key"

    @property
    def settings(self) -> Path:
        """How to reach what runs here, for the command line, mode 0600."""
        return self.root / "settings.json"

    @property
    def master_key(self) -> Path:
        """The demonstration's master key, mode 0600."""
        return self.root / "master.key"


def _directory(path: Path, mode: int) -> None:
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(mode)


@contextmanager
def held(data: Path) -> Iterator[Place]:
    """Make the data directory if need be and hold it; a second holder is refused."""
    root = data.resolve()
    # Under root the database's account has to pass through, though not to look around.
    _directory(root, 0o711 if os.geteuid() == 0 else 0o700)
    lock, mark = FileLock(root / "up.lock", timeout=0, mode=0o600), root / "up.pid"
    try:
        lock.acquire()
    except Timeout:
        who = mark.read_text().strip() if mark.exists() else "unknown"
        message = f"{root} is in use by another `tuntas up` (process {who})."
        raise Refused(f"{message} Stop it, or choose another directory with --data.") from None
    try:
        place = Place(root, crashed=mark.exists())
        for directory in (place.temporal, place.logs):
            _directory(directory, 0o700)
        write_private(mark, f"{os.getpid()}\n")
        try:
            yield place
        except Refused:
            mark.unlink()  # an orderly end; after any other error the next start expects leftovers
            raise
        mark.unlink()
    finally:
        lock.release()
