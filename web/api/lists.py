"""What a list may be asked for: each parameter by its type, and no other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.base import Id
from casework.models.codes import ReferralStatus, Stage, Status
from casework.models.pathway import Category, Risk
from casework.models.people import Role
from casework.ports import Spelling
from casework.rules.outlook import BoardReason
from web.api.problems import entry

T = TypeVar("T")
Cursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,400}$", description="`next_cursor` of the page before")]
Limit = Annotated[int, Field(ge=1, le=200)]
Number = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,40}$")]


class Pages(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor | None = None


def cut(whole: Sequence[T], query: Pages) -> tuple[Sequence[T], str | None]:
    """A page of a list that is read whole and only grows at its end, and the cursor of the next page."""
    start = _place(query.cursor) if query.cursor else 0
    end = start + query.limit
    following = urlsafe_b64encode(str(end).encode()).decode().rstrip("=") if end < len(whole) else None
    return whole[start:end], following


def _place(cursor: str) -> int:
    try:
        place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        if len(place) > 9 or not place.isdecimal():
            raise ValueError
        return int(place)
    except ValueError:
        errors = [entry("/cursor", "invalid_cursor", "Take it from a list's next_cursor.")]
        raise InvalidInputError("The cursor is not one of ours.", errors=errors) from None


class CasesQuery(Pages):
    stage: Stage | None = None
    category: Category | None = None
    risk: Risk | None = None
    assigned_to: Id | None = None
    agency_id: Id | None = None
    status: Status | None = None
    stalled: bool | None = None
    number: Number | None = None

    def filters(self) -> dict[str, str]:
        """What the database filters by."""
        own = self.model_dump(mode="json", exclude={"limit", "cursor", "stalled"}, exclude_none=True)
        return {name: str(value) for name, value in own.items()}


class StalledQuery(Pages):
    agency_id: Id | None = None
    reason: BoardReason | None = None
    assigned_to: Id | None = None
    risk: Risk | None = None


class CasesSearch(CasesQuery):
    """The filters of the list, with what must not stand in an address."""

    client_name: Annotated[str, Field(max_length=300)] | None = None
    national_id: Annotated[str, Field(max_length=40)] | None = None
    spelling: Annotated[Spelling, Field(description="Whether names that sound alike are found too")] = "alike"

    def filters(self) -> dict[str, str]:
        """What the database filters by; the client is found by other means."""
        client = ("client_name", "national_id", "spelling")
        return {name: value for name, value in super().filters().items() if name not in client}


class LogQuery(Pages):
    kind: EventKind | None = None
    account_id: Id | None = None


class ReferralsQuery(Pages):
    agency_id: Id | None = None
    status: ReferralStatus | None = None


class NotificationsQuery(Pages):
    agency_id: Id | None = None


class GlassQuery(Pages):
    reviewed: bool | None = None


class AccountsQuery(Pages):
    role: Role | None = None
