"""Whom the outbox tells when somebody cannot act, on a real database; and that few statements are enough for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, event, insert

from casework.db.accounts import SqlAccounts
from casework.db.notices import SqlNotices
from casework.db.tables import absences
from casework.models.notice import Contact, Recipient
from casework.models.people import Role
from tests.postgres import scratch_engine
from tests.recordings import OFFICE

NOW = datetime(2026, 5, 21, 10, tzinfo=UTC)
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@dataclass
class Office:
    """Accounts made by name, each with a mailbox of that name."""

    engine: Engine
    now: datetime = NOW
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = SqlAccounts(self.engine, hasher=QUICK, now=lambda: self.now)
        self.outbox = SqlNotices(self.engine, now=lambda: self.now)

    def add(self, username: str, role: Role, agency_id: str = OFFICE) -> str:
        self.ids[username] = self.accounts.add(username, "password", role, agency_id).id
        self.accounts.set_contact(self.ids[username], Contact(medium="email", address=username, safe=True))
        return self.ids[username]

    def away(self, username: str, deputy: str | None = None, *, after: int = -1, days: int = 2) -> None:
        """Enter an absence that begins so many days from now."""
        start = NOW + timedelta(days=after)
        deputy_id = self.ids[deputy] if deputy else None
        self.accounts.set_absence(self.ids[username], start, start + timedelta(days=days), deputy_id)

    def told(self, **to: Any) -> list[str]:
        """The mailboxes a notice goes to."""
        return sorted(contact.address for contact in self.outbox.contacts_for(Recipient(**to)))


@pytest.fixture
def office() -> Iterator[Office]:
    with scratch_engine() as engine:
        one = Office(engine)
        for username, role in (("siti", Role.CASEWORKER), ("budi", Role.CASEWORKER), ("ratna", Role.SUPERVISOR)):
            one.add(username, role)
        one.add("elok", Role.COORDINATOR, "regency")
        yield one


def test_the_deputy_is_told_while_the_absence_is_on_and_not_before_or_after(office: Office) -> None:
    siti = office.ids["siti"]
    office.away("siti", "budi", after=1)

    seen = []
    for hours in (0, 23, 24, 71, 72):
        office.now = NOW + timedelta(hours=hours)
        seen.append(office.told(account_id=siti))

    assert seen == [["siti"], ["siti"], ["budi"], ["budi"], ["siti"]]


def test_without_a_deputy_the_notice_climbs(office: Office) -> None:
    siti = office.ids["siti"]
    office.accounts.disable(siti)
    assert office.told(account_id=siti) == ["ratna"]

    office.away("ratna")
    assert office.told(account_id=siti) == ["elok"]
    office.add("head", Role.HEAD)
    assert office.told(account_id=siti) == ["head"]
    assert office.told(agency_id=OFFICE, role=Role.SUPERVISOR) == ["head"]
    assert office.told(agency_id="police", role=Role.HEAD) == ["elok"]


def test_of_a_role_and_of_a_whole_agency_deputies_stand_in_for_who_is_away(office: Office) -> None:
    office.add("polisi", Role.AGENCY_OFFICER, "police")
    office.away("ratna", None)
    office.away("siti", "budi")

    assert office.told(agency_id=OFFICE, role=Role.CASEWORKER) == ["budi"]
    assert office.told(agency_id=OFFICE) == ["budi"]
    office.away("polisi")
    assert office.told(agency_id="police") == []
    assert office.told(agency_id="nowhere") == []


def test_a_ring_of_deputies_across_offices_ends(office: Office) -> None:
    """Rows of an earlier rule: deputies of deputies are followed, wherever they are, and none of them twice."""
    far = office.add("far", Role.CASEWORKER, "province")
    near, until = office.ids["siti"], NOW + timedelta(days=1)
    ring = [{"account_id": near, "deputy_id": far}, {"account_id": far, "deputy_id": near}]
    with office.engine.begin() as connection:
        connection.execute(insert(absences), [{**row, "starts_at": NOW, "ends_at": until} for row in ring])

    assert office.told(account_id=near) == ["ratna"]
    office.now = until
    assert office.told(account_id=near) == ["siti"]


def test_of_two_absences_the_one_with_a_deputy_counts(office: Office) -> None:
    office.away("siti", "budi", after=-5, days=20)
    office.away("siti", None, after=-1, days=2)

    assert office.told(account_id=office.ids["siti"]) == ["budi"]


def test_all_contacts_of_a_stand_in_are_given_safe_or_not(office: Office) -> None:
    office.accounts.set_contact(office.ids["budi"], Contact(medium="email", address="rumah"))
    office.away("siti", "budi")

    found = office.outbox.contacts_for(Recipient(account_id=office.ids["siti"]))

    assert [(contact.address, contact.safe) for contact in found] == [("budi", True), ("rumah", False)]


@pytest.mark.parametrize("to", [{"agency_id": OFFICE}, {"agency_id": OFFICE, "role": Role.SUPERVISOR}])
def test_two_statements_find_whom_to_tell_however_many_stand_in(office: Office, to: dict[str, Any]) -> None:
    for number in range(9):
        office.add(f"deputy{number}", Role.SUPERVISOR)
    for number in range(8):
        office.away(f"deputy{number}", f"deputy{number + 1}")
    office.away("ratna", "deputy0")
    statements: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert "deputy8" in office.told(**to)
    assert len(statements) == 2, statements
