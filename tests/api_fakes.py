"""Memory twins of the ports, and an asking side that applies the real rules to them: the API without servers."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from casework import commands as c
from casework.db.rows import case_values, log_values, part_values
from casework.db.standing import deadline_of
from casework.directory.agencies import StaticAgencyDirectory, load_agencies
from casework.directory.calendar import working_calendar
from casework.errors import DatabaseUnavailableError, EngineUnavailableError
from casework.events import Recording
from casework.ids import case_number
from casework.models.checkpoint import AccessHead, Attested
from casework.models.erasure import Certificate
from casework.models.figure import Counted, Key, Period
from casework.models.notice import Contact
from casework.models.people import OFFICE_ROLES, Account, Actor, Role
from casework.models.public_report import Decision
from casework.models.sight import Sight
from casework.models.state import CaseState, Receipt
from casework.office import Office
from casework.opening import Opening
from casework.pathways import load
from casework.pathways.in_force import InForce
from casework.ports import (
    Access,
    Board,
    BoardQuery,
    Caseload,
    Effects,
    Followed,
    IndexEntries,
    KeptFile,
    Keyed,
    LetterNumber,
    Links,
    Location,
    LocationReading,
    Outreaches,
    PathwayVersions,
    PublicReports,
    Reservation,
    SealedFile,
    SightQuery,
    Stalled,
    Standing,
    Tokens,
    Work,
)
from casework.ports import Queued as QueuedRow
from casework.rules.access import Grants, clocks_shown, ground, referral_shown, shown
from casework.rules.decide import begin, decide
from casework.signin.entrance import SignIn
from casework.signin.ports import Knock, Passwords, Session
from casework.temporal.codec import CaseCodec
from casework.vault.index import ClientIndex
from casework.vault.keyed import CommandIds
from casework.vault.keys import MasterKey
from casework.vault.keystore import MemoryKeyStore
from casework.vault.payloads import PayloadKeys
from casework.vault.vault import CaseVault
from starter.asking import Asking
from starter.cases import Cases, Queued
from starter.desk import Desk
from starter.rulebook import Rulebook
from starter.trying import PastCases
from web.app import create_app
from web.site import Codec, Site

Row = dict[str, Any]
LEAD = "dinas-pppappkb"
PASSWORD = "kata-sandi-uji-coba"
MASTER = MasterKey(bytes(range(32)))
ENGINE_PAGES = "https://temporal.example"
DIRECTORY = StaticAgencyDirectory(load_agencies())
PATHWAYS = load()
CALENDAR = working_calendar((2025, 2026, 2027), "Asia/Jakarta")


@dataclass
class Memory:
    """What a database would hold."""

    states: dict[str, CaseState] = field(default_factory=dict)
    cases: dict[str, Row] = field(default_factory=dict)
    log: list[Row] = field(default_factory=list)
    referrals: dict[str, Row] = field(default_factory=dict)
    notifications: dict[str, Row] = field(default_factory=dict)
    deadlines: dict[tuple[str, str], Row] = field(default_factory=dict)
    consents: dict[str, Row] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    reservations: dict[str, Row] = field(default_factory=dict)
    openings: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    files: dict[str, tuple[SealedFile, tuple[bytes, ...]]] = field(default_factory=dict)
    numbers: dict[str, frozenset[bytes]] = field(default_factory=dict)
    contacts: dict[str, list[Contact]] = field(default_factory=dict)
    locations: dict[str, bytes] = field(default_factory=dict)
    readings: list[LocationReading] = field(default_factory=list)
    engine_away: bool = False
    database_away: bool = False
    broken: bool = False
    watched_at: datetime | None = None
    sights: list[Sight] = field(default_factory=list)
    access_log_away: bool = False

    def clear(self) -> None:
        """Forget everything."""
        for name, fresh in vars(Memory()).items():
            setattr(self, name, fresh)

    def check(self) -> None:
        """Fail as a database that is away, or as a defect, where a test asks for it."""
        if self.database_away:
            raise DatabaseUnavailableError("The database does not answer.")
        if self.broken:
            raise RuntimeError("Siti Kenari")

    def record(self, recording: Recording) -> None:
        """Write what a command came to."""
        case_id = recording.case.id
        self.cases[case_id] = case_values(recording.case)
        self.log.append(log_values(recording, ""))
        kept = (self.referrals, recording.referrals), (self.notifications, recording.notifications)
        for rows, parts in (*kept, (self.consents, recording.consents)):
            rows.update({row["id"]: row for row in part_values(recording, parts)})
        for row in part_values(recording, recording.deadlines):
            self.deadlines[(case_id, row["id"])] = row

    def of_case(self, rows: Mapping[str, Row], case_id: str) -> list[Row]:
        """Rows of a case, with its number."""
        number = {"case_number": self.cases[case_id]["number"]} if case_id in self.cases else {}
        return [{**row, **number} for row in rows.values() if row["case_id"] == case_id]


@dataclass
class MemoryReads:
    """Keeps the promises of `ports.Reads`."""

    memory: Memory

    def case(self, reader: Actor, case_id: str) -> Row | None:
        self.memory.check()
        row = self.memory.cases.get(case_id)
        if row is None:
            return None
        grants = Grants(self.memory.of_case(self.memory.referrals, case_id))
        why = ground(reader, row, grants, datetime.now(UTC))
        return shown(reader, {**row, "ground": why}) if why else None

    def skeleton(self, reader: Actor, case_id: str) -> Row | None:
        return None

    def case_id_of_number(self, reader: Actor, number: str) -> str | None:
        return next((id_ for id_ in self.memory.cases if (self.case(reader, id_) or {}).get("number") == number), None)

    def cases(
        self,
        reader: Actor,
        filters: Mapping[str, str],
        limit: int,
        cursor: str | None,
        stalled: Stalled | None = None,
        about: Sequence[Tokens] = (),
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        self.memory.check()
        if about:
            raise NotImplementedError("who a case is about is asked of the database")
        seen = [row for row in (self.case(reader, id_) for id_ in reversed(self.memory.cases)) if row]
        found = [row for row in seen if all(_matches(row, name, value) for name, value in filters.items())]
        if stalled:
            found = [row for row in found if _stalls(row, stalled.at) is stalled.wanted]
        start = int(cursor or 0)
        page: list[Mapping[str, Any]] = [*found[start : start + limit]]
        return page, str(start + limit) if len(found) > start + limit else None

    def standing(self, reader: Actor, case_id: str) -> Standing | None:
        row = self.case(reader, case_id)
        if row is None:
            return None
        clocks = [deadline_of(each) for each in self.deadlines(reader, case_id)]
        asked = {each["id"] for each in self.referrals(reader, case_id)}
        running = (clock for clock in clocks if clock.running)
        return Standing(row, clocks_shown(reader, running, asked))

    def work(self, reader: Actor, now: datetime) -> Work:
        """Nothing: what waits for a person is asked of the database."""
        self.memory.check()
        return Work((), (), ())

    def counted(self, reader: Actor, period: Period, zone: str, ids: Collection[str]) -> Mapping[str, Counted]:
        return {figure_id: Counted() for figure_id in ids}

    def cases_of(
        self, reader: Actor, period: Period, zone: str, figure_id: str, key: Key | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """All that the reader may see: what is behind a number is asked of the database."""
        self.memory.check()
        rows: list[Mapping[str, Any]] = []
        rows += filter(None, (self.case(reader, id_) for id_ in self.memory.cases))
        return rows[:limit], None

    def to_register(self, reader: Actor, period: Period, zone: str) -> list[tuple[str, str]]:
        return []

    def register(self, reader: Actor, period: Period, zone: str) -> Iterator[Mapping[str, Any]]:
        return iter(())

    def register_page(
        self, reader: Actor, period: Period, zone: str, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        return [], None

    def caseload(self, reader: Actor, now: datetime) -> Caseload:
        """Nothing: it is counted by the database."""
        self.memory.check()
        return Caseload((), ())

    def board(self, reader: Actor, query: BoardQuery) -> Board:
        """By the clocks alone: what else there is to it is asked of the database."""
        self.memory.check()
        rows = [row for row in (self.case(reader, id_) for id_ in self.memory.cases) if row]
        stalling = sorted((row for row in rows if _stalls(row, query.now)), key=lambda row: row["stalls_at"])
        found = [each for each in (self.standing(reader, row["id"]) for row in stalling) if each]
        return Board(tuple(found[: query.limit]), None, self.memory.watched_at, self.memory.watched_at is not None)

    def log(self, reader: Actor, case_id: str, kinds: Collection[str] = ()) -> list[Mapping[str, Any]]:
        return [row for row in self.memory.log if row["case_id"] == case_id and (not kinds or row["kind"] in kinds)]

    def event(self, reader: Actor, command_id: str) -> Row | None:
        return next((row for row in self.memory.log if row["command_id"] == command_id), None)

    def receipt(self, reader: Actor, command_id: str) -> Receipt | None:
        self.memory.check()
        row = self.event(reader, command_id)
        return Receipt.model_validate({name: row[name] for name in Receipt.model_fields}) if row else None

    def referrals(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        rows = self.memory.of_case(self.memory.referrals, case_id)
        return [referral_shown(reader, self._grounded(reader, row)) for row in rows if self._sees_part(reader, row)]

    def referral(self, reader: Actor, referral_id: str) -> Row | None:
        case_id = self.memory.referrals.get(referral_id, {}).get("case_id", "")
        return next((dict(row) for row in self.referrals(reader, case_id) if row["id"] == referral_id), None)

    def inbox(
        self, reader: Actor, agency_id: str | None, status: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        rows = [row for case_id in self.memory.cases for row in self.referrals(reader, case_id)]
        wanted = {"agency_id": agency_id, "status": status}
        return [r for r in rows if all(r[name] == value for name, value in wanted.items() if value)], None

    def told(
        self, reader: Actor, agency_id: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        rows = [row for case_id in self.memory.cases for row in self.notifications(reader, case_id)]
        return [row for row in rows if agency_id in (None, row["agency_id"])], None

    def notifications(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        rows = self.memory.of_case(self.memory.notifications, case_id)
        return [self._grounded(reader, row) for row in rows if self._sees_part(reader, {**row, "status": "sent"})]

    def notification(self, reader: Actor, notification_id: str) -> Row | None:
        return next((dict(row) for row in self.told(reader, None, 1, None)[0] if row["id"] == notification_id), None)

    def queued(self, reader: Actor, case_id: str) -> Row | None:
        row = self.memory.reservations.get(case_id)
        waiting = row is not None and case_id not in self.memory.cases
        return row if row and waiting and row["account_id"] == reader.account_id else None

    def deadlines(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        return [row for (owner, _), row in self.memory.deadlines.items() if owner == case_id]

    def certificate(self, reader: Actor, case_id: str) -> Certificate | None:
        return self.memory.certificates.get(case_id)

    def certificates(self, reader: Actor, limit: int, cursor: str | None) -> tuple[list[Certificate], str | None]:
        return list(self.memory.certificates.values()), None

    def consents(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        return [row for row in self.memory.consents.values() if row["case_id"] == case_id]

    def facts_of_client(self, case_id: str) -> Row | None:
        return self.memory.cases.get(case_id)

    def _grounded(self, reader: Actor, row: Row) -> Row:
        return {**row, "ground": (self.case(reader, row["case_id"]) or {}).get("ground")}

    def _sees_part(self, reader: Actor, row: Mapping[str, Any]) -> bool:
        if reader.role is Role.AGENCY_OFFICER:
            return bool(row["agency_id"] == reader.agency_id and row["status"] != "pending")
        if reader.role not in {*OFFICE_ROLES, Role.COORDINATOR}:
            return False
        return self.case(reader, row["case_id"]) is not None


def _stalls(row: Row, at: datetime) -> bool:
    return row["stalls_at"] is not None and row["stalls_at"] < at


def _matches(row: Row, name: str, value: str) -> bool:
    return value in row["categories"] if name == "category" else bool(row[name] == value)


@dataclass
class MemoryReservations:
    """Keeps the promises of `ports.Reservations`."""

    memory: Memory

    def reserve(
        self, command_id: str, account_id: str, agency_id: str, body_digest: str, *, district: str, year: int, risk: str
    ) -> Reservation:
        self.memory.check()
        kept = next((r for r in self.memory.reservations.values() if r["command_id"] == command_id), None)
        count = len(self.memory.reservations) + 1
        row = kept or {
            "case_id": f"case-{count}",
            "number": case_number(district, year, count),
            "command_id": command_id,
            "account_id": account_id,
            "agency_id": agency_id,
            "body_digest": body_digest,
            "risk": risk,
            "reserved_at": datetime.now(UTC),
        }
        self.memory.reservations[row["case_id"]] = row
        given = {name: row[name] for name in ("case_id", "number", "body_digest")}
        return Reservation(**given, created=kept is None, started=False)

    def keep_opening(self, case_id: str, sealed: bytes, decision: Decision | None = None) -> None:
        self.memory.openings.setdefault(case_id, sealed)

    def opening(self, case_id: str) -> bytes | None:
        return self.memory.openings.get(case_id)

    def release(self, case_id: str) -> None:
        self.memory.reservations.pop(case_id, None)

    def queued(self, limit: int = 50) -> tuple[QueuedRow, ...]:
        return ()


@dataclass
class MemoryDocuments:
    """Keeps the promises of `ports.Documents`."""

    memory: Memory

    def put_pending(
        self,
        document_id: str,
        case_id: str,
        command_id: str,
        digest: str,
        sealed: bytes,
        index: IndexEntries | None = None,
        file: SealedFile | None = None,
        numbers: Collection[bytes] = (),
    ) -> None:
        if file:
            self.memory.files[document_id] = (file, tuple(file.pieces()))
        self.memory.documents.setdefault(document_id, (case_id, sealed))
        self.memory.numbers.setdefault(document_id, frozenset(numbers))

    def get(self, reader: Actor, case_id: str, document_id: str) -> bytes | None:
        named = {row["document_id"] for row in self.memory.log if row["case_id"] == case_id}
        owner, sealed = self.memory.documents.get(document_id, ("", b""))
        return sealed if owner == case_id and document_id in named else None

    def discard_pending(self, document_id: str) -> None:
        if document_id not in {row["document_id"] for row in self.memory.log}:
            self.memory.documents.pop(document_id, None)


@dataclass
class MemoryFiles:
    """Keeps the promises of `ports.Files`."""

    memory: Memory

    def find(self, reader: Actor, case_id: str, document_id: str) -> KeptFile | None:
        named = {row["document_id"] for row in self.memory.log if row["case_id"] == case_id}
        file, _ = self.memory.files.get(document_id, (None, ()))
        if file is None or document_id not in named:
            return None
        return KeptFile(document_id=document_id, type=file.type, size=file.size, count=file.count)

    def piece(self, reader: Actor, document_id: str, number: int) -> bytes | None:
        return self.memory.files[document_id][1][number]


@dataclass
class MemoryLetters:
    """Keeps the promises of `ports.Letters`, of one office and year."""

    given: dict[str, LetterNumber] = field(default_factory=dict)

    def number(self, command_id: str, agency_id: str, year: int, at: datetime) -> LetterNumber:
        return self.given.setdefault(command_id, LetterNumber(len(self.given) + 1, at))


@dataclass
class MemorySuspects:
    """Keeps the promises of `ports.Suspects`."""

    memory: Memory
    mark: Callable[[str, str], bytes]

    def shared(self, case_id: str, numbers: Collection[str]) -> frozenset[str]:
        rows = [row for row in self.memory.log if row["case_id"] == case_id]
        naming = [row for row in rows if row["body"].get("alleged_perpetrators") is not None]
        marks = self.memory.numbers.get(naming[-1]["document_id"] or "", ()) if naming else ()
        return frozenset(number for number in numbers if self.mark(case_id, number) in marks)


@dataclass
class MemoryLocations:
    """Keeps the promises of `ports.Locations`."""

    memory: Memory

    def put_pending(self, document_id: str, case_id: str, command_id: str, digest: str, sealed: bytes) -> None:
        self.memory.locations.setdefault(document_id, sealed)

    def discard_pending(self, document_id: str) -> None:
        if document_id not in {row["document_id"] for row in self.memory.log}:
            self.memory.locations.pop(document_id, None)

    def latest(self, reader: Actor, case_id: str) -> Location | None:
        said = [row for row in self.memory.log if row["case_id"] == case_id and row["kind"] == "LocationSet"]
        if not said:
            return None
        row = said[-1]
        sealed = self.memory.locations[row["document_id"]]
        return Location(id=row["document_id"], sealed=sealed, set_at=row["at"], set_by=row["account_id"])

    def note_reading(self, reading: LocationReading) -> None:
        self.memory.readings.append(reading)

    def readings(self, reader: Actor, case_id: str) -> list[LocationReading]:
        return [reading for reading in self.memory.readings if reading.case_id == case_id]


OF_THE_DATABASE = "what is read of the access log is asked of the database"


@dataclass
class MemoryAccessLog:
    """Keeps the promises of `ports.AccessLog` that are asked without a database."""

    memory: Memory

    def write(self, sights: Sequence[Sight]) -> None:
        self.memory.check()
        if self.memory.access_log_away:
            raise DatabaseUnavailableError("The database does not answer.")
        self.memory.sights += sights

    def sights(self, reader: Actor, query: SightQuery) -> tuple[list[Mapping[str, Any]], str | None]:
        raise NotImplementedError(OF_THE_DATABASE)

    def numbers(self, case_ids: Collection[str]) -> Mapping[str, str]:
        raise NotImplementedError(OF_THE_DATABASE)

    def case_of(self, number: str) -> str | None:
        raise NotImplementedError(OF_THE_DATABASE)

    def told(self, reader: Actor) -> Attested | None:
        raise NotImplementedError(OF_THE_DATABASE)

    def head(self) -> AccessHead:
        raise NotImplementedError(OF_THE_DATABASE)


class MemoryAccounts:
    """Keeps the promises of `ports.Accounts`; a token is `token-` and the name of its account."""

    def __init__(self, memory: Memory, *accounts: Account) -> None:
        self._accounts = {account.id: account for account in accounts}
        self._memory = memory

    def contacts(self, account_id: str) -> list[Contact]:
        return self._memory.contacts.get(account_id, [])

    def set_contact(self, account_id: str, contact: Contact) -> None:
        others = [c for c in self.contacts(account_id) if (c.medium, c.address) != (contact.medium, contact.address)]
        self._memory.contacts[account_id] = [*others, contact]

    def addresses(self, account_id: str | None = None) -> list[tuple[str, str]]:
        kept = ((id_, c.address) for id_, known in self._memory.contacts.items() for c in known)
        return [(id_, address) for id_, address in kept if account_id in (None, id_)]

    def get(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def by_username(self, username: str) -> Account | None:
        return self.get(username)

    def scopes_of(self, account_id: str) -> tuple[str, ...] | None:
        return None

    def revoke_token(self, token: str) -> None:
        raise NotImplementedError("what is kept of tokens is asked of the database")

    def sign_out(self, account_id: str) -> None:
        raise NotImplementedError("what is kept of tokens is asked of the database")

    def disable(self, account_id: str, command: Keyed | None = None) -> None:
        raise NotImplementedError("what is kept of accounts is asked of the database")

    def enable(self, account_id: str, command: Keyed | None = None) -> None:
        raise NotImplementedError("what is kept of accounts is asked of the database")

    def set_password(self, account_id: str, password: str) -> None:
        raise NotImplementedError("what is kept of passwords is asked of the database")

    def sign_in(self, username: str, password: str) -> Account | None:
        return self.get(username) if password == PASSWORD else None

    def issue_token(self, account_id: str, seconds: int, scopes: Sequence[str] | None = None) -> tuple[str, datetime]:
        return f"token-{account_id}", datetime.now(UTC) + timedelta(seconds=seconds)

    def of_token(self, token: str) -> Account | None:
        return self.get(token.removeprefix("token-")) if token.startswith("token-") else None

    def of_office(self, agency_id: str, role: str | None) -> list[Mapping[str, Any]]:
        own = [account for account in self._accounts.values() if account.agency_id == agency_id]
        return [{**each.model_dump(), "open_cases": 0} for each in own if role in (None, each.role)]

    def names(self, account_ids: Collection[str], agency_id: str | None = None) -> Mapping[str, str]:
        known = (self._accounts[id_] for id_ in account_ids if id_ in self._accounts)
        return {each.id: each.username for each in known if agency_id in (None, each.agency_id)}

    def set_absence(
        self,
        account_id: str,
        starts_at: datetime,
        ends_at: datetime,
        deputy_id: str | None,
        command: Keyed | None = None,
    ) -> None:
        raise NotImplementedError("what is kept of absences is asked of the database")


class OpenThrottle:
    """Lets everybody knock as often as they like; what is counted is asked of the database."""

    def knock(self, username: str, address: str) -> Knock:
        return Knock("", "", "", 1)

    def succeeded(self, knock: Knock) -> None:
        """Nothing is counted."""

    def give_back(self, knock: Knock) -> None:
        """Nothing is counted."""

    def form(self, name: str, address: str) -> None:
        """Nothing is counted."""

    def public(self, address: str) -> None:
        """Nothing is counted."""

    def costly(self, name: str, account_id: str) -> None:
        """Nothing is counted."""


@dataclass
class PasswordClients:
    """Systems whose secret is their account's password."""

    accounts: Passwords

    def sign_in(self, name: str, secret: str) -> Account | None:
        account = self.accounts.sign_in(name, secret)
        return account if account and account.role is Role.SYSTEM else None


class NoFactors:
    """Nobody has one, and no office asks for one; those that are kept are asked of the database."""

    def state(self, account: Account) -> tuple[bool, bool]:
        return False, False

    def begin(self, account: Account) -> tuple[str, str]:
        raise NotImplementedError

    def confirm(self, account_id: str, code: str) -> tuple[str, ...] | None:
        raise NotImplementedError

    def accept(self, account_id: str, code: str) -> bool:
        return False


class NoIdentities:
    """Nobody is linked."""

    def account_of(self, issuer: str, subject: str) -> Account | None:
        return None


class NoSessions:
    """Nobody has one; those that are kept are asked of the database."""

    def begin(self, account: Account, instead_of: str | None = None) -> Session:
        raise NotImplementedError

    def of(self, secret: str, *, renew: bool = True) -> Session | None:
        return None

    def end(self, secret: str) -> None:
        """There is none."""


def sign_in_of(accounts: Passwords) -> SignIn:
    """A way in that only looks at passwords."""
    now = lambda: datetime.now(UTC)  # noqa: E731
    return SignIn(
        accounts, PasswordClients(accounts), NoFactors(), NoIdentities(), OpenThrottle(), NoSessions(), len, LEAD, now
    )


class NoLinks:
    """Every agency has accounts, and no link is made."""

    def has_accounts(self, agency_id: str) -> bool:
        return True


class NoPublicReports:
    """Nobody has reported anything: what is taken by the public form is kept by the database, and asked there."""

    def page(
        self, reader: Actor, *, waiting: bool, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        return [], None

    def one(self, reader: Actor, report_id: str) -> None:
        return None

    def counts(self, reader: Actor, now: datetime) -> tuple[int, int]:
        return 0, 0


class NoAccess:
    """Nobody is excluded, and no glass is broken: what is kept of that is asked of the database."""

    def exclusions(self, reader: Actor, case_id: str) -> list[Any]:
        return []

    def is_excluded(self, case_id: str, account_id: str) -> bool:
        return False


class NoOutreach:
    """There was none: what is kept of it is asked of the database."""

    def one(self, reader: Actor, outreach_id: str) -> None:
        return None

    def listed(self, *_: Any) -> tuple[list[Any], None]:
        return [], None

    def every(self, *_: Any) -> list[Any]:
        return []

    def owed(self, *_: Any) -> list[Any]:
        return []

    def of_each(self, *_: Any) -> dict[str, Any]:
        return {}

    def of_subdistricts(self, *_: Any) -> dict[None, Followed]:
        return {None: Followed(0, 0, 0)}


class MemoryCases(Cases):
    """The asking side, whose engine is the rules themselves."""

    def __init__(self, desk: Desk, memory: Memory) -> None:
        super().__init__(cast(Client, None), desk)
        self._memory = memory
        self.asked: list[tuple[str, Asking]] = []

    async def start(self, opening: Opening) -> Receipt:
        if self._memory.engine_away:
            raise Queued(opening.case_id, opening.number)
        if opening.case_id not in self._memory.states:
            self._keep(*begin(opening, datetime.now(UTC)))
        return self._memory.states[opening.case_id].receipts[0]

    async def _give(self, name: str, ask: Asking, body: c.Command, file: SealedFile | None = None) -> Receipt:
        self.asked.append((name, ask))
        return await super()._give(name, ask, body, file)

    async def _send(self, name: str, case_id: str, order: c.Order[Any]) -> Receipt:
        if self._memory.engine_away or case_id not in self._memory.states:
            raise EngineUnavailableError("The engine is away.")
        return self._keep(*decide(self._memory.states[case_id], order, datetime.now(UTC)))

    def _keep(self, state: CaseState, recording: Recording) -> Receipt:
        self._memory.states[state.case_id] = state
        self._memory.record(recording)
        return state.receipts[-1]


ACCOUNTS = (
    ("caseworker", Role.CASEWORKER, LEAD),
    ("caseworker2", Role.CASEWORKER, LEAD),
    ("supervisor", Role.SUPERVISOR, LEAD),
    ("head", Role.HEAD, LEAD),
    ("coordinator", Role.COORDINATOR, LEAD),
    ("administrator", Role.ADMINISTRATOR, LEAD),
    ("auditor", Role.AUDITOR, LEAD),
    ("viewer", Role.VIEWER, LEAD),
    ("police", Role.AGENCY_OFFICER, "unit-ppa-polres"),
    ("hospital", Role.AGENCY_OFFICER, "rsud-muaradua"),
    ("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan"),
    ("hotline", Role.SYSTEM, LEAD),
)


@dataclass
class Web:
    """The application on memory, and how to ask it as somebody."""

    memory: Memory
    cases: MemoryCases
    app: FastAPI
    parts: dict[str, bool]
    site: Site

    @asynccontextmanager
    async def client(self, username: str | None = None) -> Any:
        """A client, signed in where a name is given."""
        headers = {"Authorization": f"Bearer token-{username}"} if username else {}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            yield client

    async def ask(self, username: str | None, method: str, path: str, **request: Any) -> httpx.Response:
        """One request as somebody; a path under `/api/v1` unless it starts with another root."""
        outside = path.startswith(("/health", "/oauth", "/api"))
        async with self.client(username) as client:
            answer: httpx.Response = await client.request(method, path if outside else f"/api/v1{path}", **request)
        return answer

    async def post(self, username: str | None, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A POST; `Idempotency_Key="k"` is the header of that name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask(username, "POST", path, json={} if body is None else body, headers=named)

    async def get(self, username: str | None, path: str, **query: Any) -> httpx.Response:
        """A GET."""
        return await self.ask(username, "GET", path, params=query)


def web() -> Web:
    """The API on fresh memory. The application itself is built once: that takes longer than most tests."""
    one = _web()
    one.memory.clear()
    one.cases.asked.clear()
    one.parts.update(dict.fromkeys(one.parts, True))
    return one


_web = cache(lambda: web_at(lambda: datetime.now(UTC)))


def web_at(now: Callable[[], datetime]) -> Web:
    """The API with a clock of its own."""
    memory = Memory()
    accounts = [Account(id=name, username=name, role=role, agency_id=agency) for name, role, agency in ACCOUNTS]
    keys = MemoryKeyStore()
    vault = CaseVault(keys)
    desk = Desk(
        Office("OKUS", "Asia/Jakarta", LEAD, lambda: PATHWAYS, CALENDAR, now),
        CommandIds(MASTER),
        vault,
        MemoryReservations(memory),
        MemoryDocuments(memory),
        MemoryReads(memory),
        MemoryAccounts(memory, *accounts),
        DIRECTORY,
        ClientIndex(keys),
        MemoryLocations(memory),
        MemoryFiles(memory),
        cast(Access, NoAccess()),
        MemorySuspects(memory, vault.mark),
        MemoryLetters(),
        cast(PublicReports, NoPublicReports()),
    )
    cases = MemoryCases(desk, memory)
    parts = {"database": True, "engine": True, "worker": True}
    checks = {name: _check(parts, name) for name in parts}
    signin = sign_in_of(cast(Passwords, desk.accounts))
    site = Site(
        cases=cases,
        desk=desk,
        signin=signin,
        access_log=MemoryAccessLog(memory),
        links=cast(Links, NoLinks()),
        codec=Codec(CaseCodec(PayloadKeys(keys, MASTER)).decode, "default", ENGINE_PAGES),
        rulebook=Rulebook(LEAD, InForce(None), cast(PathwayVersions, NoAccess()), now, cast(PastCases, NoAccess())),
        outreach=cast(Outreaches, NoOutreach()),
        effects=cast(Effects, NoOutreach()),
        agencies=tuple(DIRECTORY),
        checks=checks,
    )
    return Web(memory, cases, create_app(site), parts, site)


def _check(parts: dict[str, bool], name: str) -> Callable[[], Any]:
    async def check() -> bool:
        return parts[name]

    return check


def report(**changes: Any) -> Row:
    """A report that can be taken, an hour old."""
    at = datetime.now(UTC) - timedelta(hours=1)
    return {
        "channel": "walk_in",
        "reported_at": at.isoformat(),
        "categories": ["child_violence"],
        "risk": "high",
        "reporter": {"kind": "family", "name": "Rohana Kenari", "phone": "+6281200000011"},
        "client": {"kind": "child", "name": "Siti Kenari", "sex": "female", "birth_date": "2014-07-19"},
        "alleged_perpetrators": [{"relation": "neighbour", "name": "Budi Kenari"}],
        "consent": {"given_by": "caregiver", "services": True, "sharing": True},
        "narrative": "Datang bersama ibunya.",
        **changes,
    }


def frames(content: bytes, size: int = 65_536) -> Iterator[bytes]:
    """A body in pieces, its length not announced."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
