"""Broken glass and exclusions."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from casework.models.access import BrokenGlass, Exclusion
from casework.models.notice import Notice
from casework.models.people import Actor
from casework.ports.intake import Keyed


class Access(Protocol):
    """Broken glass and exclusions: who sees a case beyond its row, and who never does."""

    def behind_glass(self, actor: Actor, number: str, now: datetime) -> Mapping[str, Any] | None:
        """The `id`, `number` and `agency_id` of a case that nobody excludes the actor from, and the `ground` on which
        it is seen already; None for any other."""
        ...

    def break_glass(self, broken: BrokenGlass, told: Collection[Notice], command: Keyed) -> BrokenGlass:
        """Keep it with its reason and queue its notices, at once; where glass of the case runs already, that.

        A repeat of the command changes nothing and gives what it gave.
        """
        ...

    def broken(
        self, reader: Actor, reviewed: bool | None, limit: int, cursor: str | None
    ) -> tuple[list[BrokenGlass], str | None]:
        """What the reader broke, and what was broken of the cases whose office the reader decides in; newest first."""
        ...

    def broken_one(self, reader: Actor, glass_id: str) -> BrokenGlass | None:
        """One of them."""
        ...

    def review(self, reviewed: BrokenGlass, command: Keyed) -> bool:
        """Keep what a review came to; False where another reviewed it before."""
        ...

    def exclude(
        self, exclusion: Exclusion, agency_id: str, told: Collection[Notice], command: Keyed
    ) -> Exclusion | None:
        """Keep it and queue its notices, at once; where one stands already, that. None, and nothing, where nobody
        would be left to decide in the office of the case.

        A repeat of the command changes nothing and gives what it gave.
        """
        ...

    def lift(self, lifted: Exclusion, command: Keyed) -> bool:
        """End an exclusion; False where another lifted it before."""
        ...

    def exclusions(self, reader: Actor, case_id: str) -> list[Exclusion]:
        """Who is or was excluded from a case, for who decides in its office, oldest first."""
        ...

    def is_excluded(self, case_id: str, account_id: str) -> bool:
        """Whether an account is excluded from a case."""
        ...
