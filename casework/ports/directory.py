"""Agencies."""

from typing import Protocol

from casework.models.agency import Agency


class Directory(Protocol):
    """The agencies there are."""

    def get(self, agency_id: str) -> Agency | None:
        """An agency by id."""
        ...
