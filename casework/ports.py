"""What the inside asks of the outside. Adapters keep these promises; rules and workflows never see them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from casework.models.access import BrokenGlass, Exclusion
from casework.models.agency import Agency
from casework.models.base import Instant, Model
from casework.models.checkpoint import AccessHead, Attested
from casework.models.codes import FileType
from casework.models.erasure import Certificate
from casework.models.event_log import CaseRows, Pages
from casework.models.figure import Counted, Key, Period
from casework.models.link import Link
from casework.models.notice import Contact, Notice
from casework.models.outreach import Outreach, Owed, Reports
from casework.models.parts import Client
from casework.models.pathway import Category, PathwayVersion
from casework.models.people import Account, Actor
from casework.models.public_report import Decision, Taken
from casework.models.sight import Sight, SightKind
from casework.models.state import Deadline, Receipt


@dataclass(frozen=True)
class Keyed:
    """A command that is of no case, as it can be told from its repeats and from others under its key."""

    command_id: str
    body_digest: str


class Reservation(Model):
    """A case id and number given to one command of one account. `created` is false for a repeat."""

    case_id: str
    number: str
    body_digest: str
    created: bool
    started: bool


class Queued(Model):
    """A reservation whose case has not started: id, number and the sealed opening (bytes stay in the store)."""

    case_id: str
    number: str
    risk: str
    reserved_at: datetime


class Troubles(Model):
    """What holds up a case besides its clocks."""

    caseworker_gone: bool = False
    """Whether the account it is assigned to is disabled."""
    undelivered_at: Instant | None = None
    """Since when a notice of it has reached nobody and will not by itself."""
    failing_at: Instant | None = None
    """Since when a step of it fails, as far as the patrol has found."""


@dataclass(frozen=True)
class Standing:
    """How a case stands, as far as its reader may see it: its row, the clocks that run, and what else holds it up.

    Of a report that waits for the engine the row is that of its reservation, with `status` queued.
    """

    case: Mapping[str, Any]
    deadlines: tuple[Deadline, ...] = ()
    troubles: Troubles = field(default_factory=Troubles)


@dataclass(frozen=True)
class Board:
    """A page of the cases that stand still, most urgent first, and the signs of life of who watches over them."""

    items: tuple[Standing, ...]
    next_cursor: str | None = None
    watched_at: datetime | None = None
    well: bool = False
    patrolled_at: datetime | None = None


@dataclass(frozen=True)
class Work:
    """What waits for one person: their clocks by due time, and what came in lately, newest first."""

    clocks: tuple[Mapping[str, Any], ...]
    answers: tuple[Mapping[str, Any], ...]
    assignments: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Caseload:
    """The open cases of an office, counted.

    `carried` has a row for each `assigned_to` (None: nobody) with how many are `open`, of `high` risk and `stalled`;
    `standing` has one for each stage and set of categories with their `count`.
    """

    carried: tuple[Mapping[str, Any], ...]
    standing: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class BoardQuery:
    """What of the board is asked for. `agency_id` is the office of a case, or an agency that it stands still with."""

    now: datetime
    agency_id: str | None = None
    reason: str | None = None
    assigned_to: str | None = None
    risk: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class Stalled:
    """A filter of lists: the cases that stand still at an instant, or those that do not."""

    wanted: bool
    at: datetime


Tokens = frozenset[bytes]
Spelling = Literal["alike", "exact"]


class IndexEntries(Model):
    """What a client is found by: keyed hashes, and the version of the key."""

    version: int
    tokens: Tokens


class ClientIndex(Protocol):
    """Finding a case by its client, without keeping who that is."""

    def entries(self, client: Client) -> IndexEntries:
        """What a client is found by."""
        ...

    def asked(self, name: str | None, number: str | None, spelling: Spelling = "alike") -> tuple[Tokens, ...]:
        """What a client must have to be meant: one of each set. Raises InvalidInputError for too little to go by."""
        ...


@dataclass(frozen=True)
class SightQuery:
    """What of the access log is asked for, from one instant up to another."""

    case_id: str | None = None
    account_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: SightKind | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class OutreachQuery:
    """What of the outreach activities is asked for: of which days, both included, where, and about what."""

    first: date
    last: date
    subdistrict: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class Followed:
    """The reports from the subdistricts of some activities, each report once: within thirty days after one of them,
    else before one, else neither, in the quarters that these days touch."""

    before: int
    after: int
    neither: int


class Outreaches(Protocol):
    """Outreach activities and what was promised at them. They are of no case."""

    def keep(self, record: Outreach, command: Keyed) -> None:
        """Keep an activity with its promises; a repeat of the command, which made the same id, changes nothing."""
        ...

    def one(self, reader: Actor, outreach_id: str) -> Outreach | None:
        """An activity, if the reader may read it."""
        ...

    def listed(
        self, reader: Actor, query: OutreachQuery, limit: int, cursor: str | None
    ) -> tuple[list[Outreach], str | None]:
        """A page of the activities that the reader may read, newest first, and the next cursor."""
        ...

    def every(self, reader: Actor, query: OutreachQuery) -> list[Outreach]:
        """All of them, oldest first."""
        ...

    def kept(self, promise_id: str, on: date, account_id: str, at: datetime, command: Keyed) -> bool:
        """Record that a promise was kept; False where it had been before. A repeat of the command changes nothing."""
        ...

    def owed(self, reader: Actor, before: datetime, limit: int) -> list[Owed]:
        """The promises that still run, are due by then, and are the reader's to keep or to look after, soonest due
        first."""
        ...


class Effects(Protocol):
    """How many reports came from where outreach was, after it and before."""

    def of_each(self, reader: Actor, ids: Collection[str]) -> Mapping[str, Reports]:
        """Of each activity by itself, over the cases of the own office that the reader may see."""
        ...

    def of_subdistricts(self, reader: Actor, query: OutreachQuery, zone: str) -> Mapping[str | None, Followed]:
        """Of the activities of a period, by subdistrict, and under None in all: over the same cases for who is of an
        office, over those of all offices for everybody else."""
        ...


class Reservations(Protocol):
    """The intake inbox: ids and numbers, reserved before the engine is asked."""

    def reserve(
        self, command_id: str, account_id: str, agency_id: str, body_digest: str, *, district: str, year: int, risk: str
    ) -> Reservation:
        """Reserve once for (account, command): a repeat gets the first reservation, whatever its body digest."""
        ...

    def keep_opening(self, case_id: str, sealed: bytes, decision: Decision | None = None) -> None:
        """Keep the sealed opening until the case has started; a second call changes nothing.

        With it what was decided about the report of the public that it was made of: both or neither. Raises
        AlreadyDecidedError where another was first.
        """
        ...

    def opening(self, case_id: str) -> bytes | None:
        """The sealed opening of a reservation."""
        ...

    def release(self, case_id: str) -> None:
        """Drop a reservation whose opening was refused; one whose case has started stays."""
        ...

    def queued(self, limit: int = 50) -> tuple[Queued, ...]:
        """Openings that have not started: riskiest first, then oldest."""
        ...


class FileSealer(Protocol):
    """Seals one file, piece by piece, never all of it at once."""

    case_id: str
    document_id: str
    size: int

    @property
    def content(self) -> str:
        """The keyed digest of what it has been given."""
        ...

    def add(self, content: bytes) -> list[bytes]:
        """The sealed pieces that are full with this."""
        ...

    def end(self) -> bytes:
        """The last sealed piece."""
        ...


@dataclass(frozen=True)
class SealedFile:
    """A file on its way into the record: which document it is, and its sealed pieces, read as they are stored."""

    document_id: str
    type: FileType
    size: int
    count: int
    pieces: Callable[[], Iterator[bytes]]


class Documents(Protocol):
    """Sealed texts and files, pending under their command until the log names them."""

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
        """Keep a sealed document as pending, with what its client is found by, the marks of the suspects' numbers, and
        its file, whole or not at all.

        The same id again changes nothing.
        """
        ...

    def get(self, reader: Actor, case_id: str, document_id: str) -> bytes | None:
        """The sealed bytes of a document that the log of this case names (pending ones are not given)."""
        ...

    def discard_pending(self, document_id: str) -> None:
        """Delete a document if it is still pending."""
        ...


class KeptFile(Model):
    """A file of a case, without its content."""

    document_id: str
    type: FileType
    size: int
    count: int


class Files(Protocol):
    """The sealed pieces of files; what their senders call them lies with their documents."""

    def find(self, reader: Actor, case_id: str, document_id: str) -> KeptFile | None:
        """A file that the log of this case names (pending ones are not given)."""
        ...

    def piece(self, reader: Actor, document_id: str, number: int) -> bytes | None:
        """One sealed piece."""
        ...


class FileVault(Protocol):
    """Sealing and opening files under the key of their case."""

    def file_sealer(self, case_id: str, document_id: str) -> FileSealer:
        """What seals a file of a case."""
        ...

    def open_piece(self, case_id: str, document_id: str, number: int, sealed: bytes, *, last: bool) -> bytes:
        """A piece of a file of this case."""
        ...


class Location(Model):
    """Where a client is, as it lies there, with who said so and when."""

    id: str
    sealed: bytes
    set_at: Instant
    set_by: str


class LocationReading(Model):
    """That somebody read where a client is, and the reason, sealed under the key of the case."""

    id: str
    case_id: str
    location_id: str
    at: Instant
    account_id: str
    role: str
    agency_id: str
    reason: bytes


class Locations(Protocol):
    """Where clients are: apart from every other document, so that nothing else that is read can hold it."""

    def put_pending(self, document_id: str, case_id: str, command_id: str, digest: str, sealed: bytes) -> None:
        """Keep a sealed location as pending; the same id again changes nothing."""
        ...

    def discard_pending(self, document_id: str) -> None:
        """Delete a location if it is still pending."""
        ...

    def latest(self, reader: Actor, case_id: str) -> Location | None:
        """Where the client was last said to be."""
        ...

    def note_reading(self, reading: LocationReading) -> None:
        """Keep that it is about to be read; it is durable when this returns, and nobody can change it."""
        ...

    def readings(self, reader: Actor, case_id: str) -> list[LocationReading]:
        """Who has read it, oldest first."""
        ...


@dataclass(frozen=True)
class LetterNumber:
    """The number of a letter in the series of its office and year, and when it was given."""

    sequence: int
    at: datetime


class Letters(Protocol):
    """The numbers of letters."""

    def number(self, command_id: str, agency_id: str, year: int, at: datetime) -> LetterNumber:
        """The next number of an office in a year, once for a command: a repeat gets the first, with its time."""
        ...


class Suspects(Protocol):
    """The numbers of those suspected, compared and never shown."""

    def shared(self, case_id: str, numbers: Collection[str]) -> frozenset[str]:
        """Those of these numbers (E.164) that a suspect of the case has."""
        ...


class LocationVault(Protocol):
    """Sealing where a client is, under a key of its own beside that of the case."""

    def seal_location(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """The keyed digest and the sealed bytes of a location."""
        ...

    def open_location(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as this location of this case."""
        ...


class Vault(LocationVault, FileVault, Protocol):
    """Sealing under the key of a case; the key is made once and never seen here."""

    def create_key(self, case_id: str) -> None:
        """Make the key of a case if there is none."""
        ...

    def destroy_key(self, case_id: str) -> None:
        """Destroy the key of a case: nothing sealed under it can be read again."""
        ...

    def seal(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """The keyed digest and the sealed bytes of a document."""
        ...

    def open(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as this document of this case."""
        ...

    def mark(self, case_id: str, number: str) -> bytes:
        """The mark of a telephone number in this case: without the key it tells nothing."""
        ...


class CommandIds(Protocol):
    """Keyed hashes of what a client sent, telling nothing of it."""

    def command_id(self, account_id: str, idempotency_key: str) -> str:
        """The id of a command of an account under its key."""
        ...

    def body_digest(self, case_id: str | None, body: bytes) -> str:
        """The fingerprint of a command's body."""
        ...


class Directory(Protocol):
    """The agencies there are."""

    def get(self, agency_id: str) -> Agency | None:
        """An agency by id."""
        ...


class Reads(Protocol):
    """What pages, API and command line read. Each takes the reader and gives only what that reader may see.

    Rows are mappings with the column names of `casework.db.tables`.
    """

    def case(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The case's row; None where it does not exist, was erased, or may not be seen: these cannot be told apart."""
        ...

    def skeleton(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The row of a case that was erased, under the same rule; None for any other."""
        ...

    def case_id_of_number(self, reader: Actor, number: str) -> str | None:
        """The case of a number, under the same rule."""
        ...

    def cases(
        self,
        reader: Actor,
        filters: Mapping[str, str],
        limit: int,
        cursor: str | None,
        stalled: Stalled | None = None,
        about: Sequence[Tokens] = (),
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Case rows, newest first, and the next cursor.

        Filters: stage category risk assigned_to agency_id status number, whether they stand still, and what their
        client is found by. One on what the reader's role may not see is refused.
        """
        ...

    def standing(self, reader: Actor, case_id: str) -> Standing | None:
        """How a case stands, or None where the reader may not see it."""
        ...

    def board(self, reader: Actor, query: BoardQuery) -> Board:
        """The cases that stand still, most urgent first: by urgency, then by how long, then by id.

        Reports that have waited a minute for the engine stand among them, for the deciders of their office.
        """
        ...

    def work(self, reader: Actor, now: datetime) -> Work:
        """What waits for the reader, of the cases that the reader may see."""
        ...

    def counted(self, reader: Actor, period: Period, zone: str, ids: Collection[str]) -> Mapping[str, Counted]:
        """What was counted for each figure: of the own office for its people, of all offices for everybody else."""
        ...

    def cases_of(
        self, reader: Actor, period: Period, zone: str, figure_id: str, key: Key | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """The cases that a number is of, or all of a figure, as far as the reader may see them, newest first."""
        ...

    def to_register(self, reader: Actor, period: Period, zone: str) -> list[tuple[str, str]]:
        """The cases that the national register is to be told of, oldest first, each with the ground it is read on."""
        ...

    def register(self, reader: Actor, period: Period, zone: str) -> Iterator[Mapping[str, Any]]:
        """What there is to tell of each, one after the other."""
        ...

    def register_page(
        self, reader: Actor, period: Period, zone: str, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """A page of that, each with its status and the ground on which it is read."""
        ...

    def caseload(self, reader: Actor, now: datetime) -> Caseload:
        """The open cases of the reader's office that the reader may see, counted."""
        ...

    def log(self, reader: Actor, case_id: str, kinds: Collection[str] = ()) -> list[Mapping[str, Any]]:
        """Log rows, oldest first, of the kinds named (all where none is)."""
        ...

    def event(self, reader: Actor, command_id: str) -> Mapping[str, Any] | None:
        """The log row of a command, whose `case_after` and `referral_after` are its first answer."""
        ...

    def receipt(self, reader: Actor, command_id: str) -> Receipt | None:
        """The first answer to a command, if it was applied."""
        ...

    def referrals(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's referrals that the reader may see."""
        ...

    def referral(self, reader: Actor, referral_id: str) -> Mapping[str, Any] | None:
        """One referral, or None where the reader may not see it. A pending one is unseen by its agency."""
        ...

    def inbox(
        self, reader: Actor, agency_id: str | None, status: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """An agency's referrals, newest first."""
        ...

    def told(
        self, reader: Actor, agency_id: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Mandatory notifications told to an agency, newest first; without an agency, all that the reader may see."""
        ...

    def notifications(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's mandatory notifications that the reader may see."""
        ...

    def notification(self, reader: Actor, notification_id: str) -> Mapping[str, Any] | None:
        """One mandatory notification."""
        ...

    def queued(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The reservation of a case that has not started, for who reported it and the deciders of its office."""
        ...

    def deadlines(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's deadlines, by due time."""
        ...

    def certificate(self, reader: Actor, case_id: str) -> Certificate | None:
        """The certificate of a case, if it was erased. Who may read it is asked of the case first."""
        ...

    def certificates(self, reader: Actor, limit: int, cursor: str | None) -> tuple[list[Certificate], str | None]:
        """All of them for the auditor, for others those of cases they could see; newest first, and the next cursor."""
        ...

    def consents(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """Every consent of a case, those that were taken back too, in the order they were given."""
        ...

    def facts_of_client(self, case_id: str) -> Mapping[str, Any] | None:
        """The row of any case, for checks that answer yes or no only."""
        ...


class AccessLog(Protocol):
    """Who saw what of cases."""

    def write(self, sights: Sequence[Sight]) -> None:
        """Keep what is about to be shown; raises where it cannot be kept, and then nothing may be shown."""
        ...

    def sights(self, reader: Actor, query: SightQuery) -> tuple[list[Mapping[str, Any]], str | None]:
        """What was seen, newest first, and the next cursor: all of it for the auditor, of the own office otherwise."""
        ...

    def numbers(self, case_ids: Collection[str]) -> Mapping[str, str]:
        """The numbers of cases by their ids: of those that a reader was shown in the log."""
        ...

    def case_of(self, number: str) -> str | None:
        """The case of a number. For who reads the logs of all cases: it does not ask who may see it."""
        ...

    def told(self, reader: Actor) -> Attested | None:
        """The checkpoint that the reader was told of last."""
        ...

    def head(self) -> AccessHead:
        """How far the chain of the access log has come."""
        ...


class EventLogs(Protocol):
    """The record as it goes into event logs: of every office, without what was erased."""

    def count(self, period: Period) -> int:
        """How many cases there are to be read."""
        ...

    def pages(self, period: Period) -> Pages:
        """The cases that were opened in a period, oldest first, a page of them at a time and no more."""
        ...

    def newest(self, period: Period, most: int) -> tuple[CaseRows, ...]:
        """The last that were opened in a period, the newest first."""
        ...


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


class Accounts(Protocol):
    """Who may sign in."""

    def get(self, account_id: str) -> Account | None:
        """An account by id."""
        ...

    def sign_in(self, username: str, password: str) -> Account | None:
        """The account whose password this is; None for unknown, disabled or wrong, after the same work."""
        ...

    def issue_token(self, account_id: str, seconds: int) -> tuple[str, datetime]:
        """A bearer token and its end; only its hash is kept."""
        ...

    def of_token(self, token: str) -> Account | None:
        """The account of a live token."""
        ...

    def disable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in no more, and end its tokens and sessions at once. A repeat changes nothing."""
        ...

    def enable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in again, as it did before. A repeat of a command changes nothing."""
        ...

    def of_office(self, agency_id: str, role: str | None) -> list[Mapping[str, Any]]:
        """The office's accounts with the count of their open cases."""
        ...

    def names(self, account_ids: Collection[str], agency_id: str | None = None) -> Mapping[str, str]:
        """The user names of accounts by their ids: of all of them, or of those of one office."""
        ...

    def contacts(self, account_id: str) -> list[Contact]:
        """The ways to tell an account, safe or not."""
        ...

    def set_contact(self, account_id: str, contact: Contact) -> None:
        """Enter a way to tell an account, confirmed now; the same address again takes what else is new of it."""
        ...

    def addresses(self, account_id: str | None = None) -> list[tuple[str, str]]:
        """Accounts and their addresses: of one, or of all that are not disabled."""
        ...

    def set_absence(
        self,
        account_id: str,
        starts_at: datetime,
        ends_at: datetime,
        deputy_id: str | None,
        command: Keyed | None = None,
    ) -> None:
        """Enter an absence; one with the same start is replaced. A repeat of a command changes nothing.

        Raises InvalidInputError where it does not end after its start, UnknownAccountError where there is no such
        account or the deputy may not stand in for it.
        """
        ...


class Links(Protocol):
    """One-time links to referrals, and the mailboxes of agencies without accounts."""

    def mailbox(self, agency_id: str) -> Contact | None:
        """Where an agency without accounts is written to."""
        ...

    def mailboxes(self) -> Mapping[str, Contact]:
        """Every mailbox that is kept, by agency."""
        ...

    def signing_in(self) -> frozenset[str]:
        """The agencies of which somebody can sign in."""
        ...

    def set_mailbox(self, agency_id: str, contact: Contact, by: str) -> None:
        """Enter a mailbox, or confirm it by entering it again."""
        ...

    def has_accounts(self, agency_id: str) -> bool:
        """Whether anybody of an agency can sign in."""
        ...

    def made(self, command_id: str, referral_id: str) -> Link | None:
        """The link that a command made; raises IdempotencyKeyReusedError where it made one to another referral."""
        ...

    def make(self, command_id: str, link: Link, by: str, notice: Notice) -> Link:
        """Keep a link and queue its notice; those to the same referral that nobody has opened end with that."""
        ...

    def revoke(self, referral_id: str) -> None:
        """End every link to a referral, opened or not."""
        ...

    def open(self, token: str) -> str | None:
        """Use a link up: the secret of its small session; None for one that is unknown, used, over or revoked."""
        ...

    def of(self, secret: str) -> tuple[Link, bool] | None:
        """The link of a small session, and whether its referral still waits; None where that session is over."""
        ...


class PublicReports(Protocol):
    """Reports of the public, until somebody has decided about them."""

    def number_of(self, sent_as: str) -> str | None:
        """The number that was given for a form when it was first sent."""
        ...

    def take(self, report: Taken) -> str | None:
        """Keep a report: its number, or that of the first of its repeats; None where the number was given before."""
        ...

    def page(
        self, reader: Actor, *, waiting: bool, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Those of the reader's office: what waits by how long it has, what is decided newest first."""
        ...

    def one(self, reader: Actor, report_id: str) -> Mapping[str, Any] | None:
        """One of the reader's office, with what is sealed of it."""
        ...

    def counts(self, reader: Actor, now: datetime) -> tuple[int, int]:
        """How many wait in the reader's office, and how many of them too long."""
        ...

    def decide(self, decision: Decision) -> None:
        """Keep what was decided; a repeat of the command changes nothing. Raises AlreadyDecidedError after another."""
        ...

    def undo(self, report_id: str) -> None:
        """The case did not take what was to be added: the report waits as it did before."""
        ...

    def owed(self, report_id: str | None = None, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Decided, and still to be done: what is to be added to a case, and what became one that has begun.

        Of one report, or the oldest of all.
        """
        ...

    def past(self, before: datetime, limit: int = 50) -> Sequence[str]:
        """What was closed as not confirmed before an instant, and can still be read."""
        ...

    def settle(self, report_id: str, now: datetime) -> None:
        """Forget what a report said; its key is gone before."""
        ...
