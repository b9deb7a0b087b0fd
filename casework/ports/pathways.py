"""Versions of pathways that were uploaded and activated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from casework.models.pathway import Category, PathwayVersion
from casework.ports.intake import Keyed


class Activations(Protocol):
    """The pathway files that were activated."""

    def mark(self) -> int:
        """How many activations there were: another number where anything is in force that was not."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """The last that was activated of each file, by its name."""
        ...


class PathwayVersions(Activations, Protocol):
    """Versions of pathway files that somebody uploaded: waiting, or activated, which they stay."""

    def keep(self, version: PathwayVersion, content: bytes, command: Keyed) -> str:
        """Keep a version that waits, and its id; a repeat of the command gets that of the first."""
        ...

    def get(self, version_id: str) -> tuple[PathwayVersion, bytes] | None:
        """A version with its content."""
        ...

    def listed(self) -> list[PathwayVersion]:
        """The newest, waiting or activated, newest first."""
        ...

    def activate(self, version_id: str, account_id: str, at: datetime, after: int) -> bool:
        """Let a version be in force from now on; False where it is no longer waiting, or where there were not so many
        activations before it."""
        ...

    def discard(self, version_id: str) -> None:
        """Take away a version that waits; an activated one stays."""
        ...

    def open_cases(self, category: Category | None) -> int:
        """How many open cases a category has; all of them where none is named."""
        ...
