"""Random worlds of cases, with all that decides who sees them and a row in every table that hangs on a case."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, Select, Table, Text, cast, func, insert, select

from casework.db import tables as t
from casework.db.caller import Caller
from casework.db.rows import case_values, values_of
from casework.ids import new_id
from casework.models.access import Glass, Ground
from casework.models.codes import ReferralStatus
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import CaseRow, Notification, Referral
from casework.rules.access import Grants, ground
from casework.rules.disclosing import discloses, tells
from tests.recordings import OFFICE, OPENED, case_row, deadline, notification, referral

AGENCIES = (OFFICE, "province", "polres")
PEOPLE = ("caseworker", "supervisor", "hotline")
NOW = OPENED
LATER = timedelta(minutes=1)
ENDS = (OPENED - LATER, OPENED, OPENED + LATER)
DECIDING = (Role.SUPERVISOR, Role.HEAD)
Row = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """A case with all that decides who sees it, and who wrote its log."""

    case: CaseRow
    referrals: list[Referral]
    notifications: list[Notification]
    glass: list[Glass]
    excluded: set[str]
    by: str

    @property
    def grants(self) -> Grants:
        """What besides its row decides."""
        return Grants(self.referrals, self.glass, self.excluded)

    def ground(self, reader: Actor) -> Ground | None:
        """Why a reader sees it, by the rule."""
        return ground(reader, self.case, self.grants, NOW)

    def asks(self, reader: Actor) -> bool:
        """Whether something of it is disclosed to the reader's agency now."""
        if reader.role is not Role.AGENCY_OFFICER or reader.account_id in self.excluded:
            return False
        sent = (discloses(r.model_dump(), NOW) for r in self.referrals if r.agency_id == reader.agency_id)
        told = (tells(n.model_dump(), NOW) for n in self.notifications if n.agency_id == reader.agency_id)
        return any(sent) or any(told)


World = list[Given]
EVERYBODY = [
    Actor(account_id=name, role=role, agency_id=agency) for role in Role for name in PEOPLE for agency in AGENCIES
]
ends = st.sampled_from((None, *ENDS))
agencies = st.sampled_from(AGENCIES)
asked = st.builds(referral, agency_id=agencies, status=st.sampled_from(ReferralStatus), disclosed_until=ends)
told = st.builds(notification, agency_id=agencies, received_at=st.sampled_from((None, OPENED)), disclosed_until=ends)
broken = st.builds(Glass, account_id=st.sampled_from(PEOPLE), until=st.sampled_from(ENDS))
one_case = st.builds(
    case_row,
    agency_id=agencies,
    assigned_to=st.sampled_from((None, *PEOPLE)),
    opened_by=st.sampled_from(PEOPLE),
    reported_by_agency=st.sampled_from((None, *AGENCIES)),
    transfer_to=st.sampled_from((None, *AGENCIES)),
)
worlds = st.lists(
    st.builds(
        Given,
        one_case,
        st.lists(asked, max_size=2),
        st.lists(told, max_size=1),
        st.lists(broken, max_size=2),
        st.sets(st.sampled_from(PEOPLE), max_size=1),
        st.sampled_from(PEOPLE),
    ),
    min_size=3,
    max_size=5,
)


def call(connection: Connection, caller: Caller) -> None:
    """Say who calls, in the transaction that is under way."""
    connection.exec_driver_sql(*caller.saying)


def build(connection: Connection, world: World, before: Collection[Table] = ()) -> dict[Table, list[tuple[Given, Row]]]:
    """Put a world into the database, as who may; every row that was made, with its case.

    `before` are tables that the database is too old for.
    """
    people = {"password_hash": "", "role": "caseworker", "agency_id": OFFICE}
    connection.execute(insert(t.accounts), [{"id": name, "username": name, **people} for name in (*PEOPLE, "head")])
    made: dict[Table, list[tuple[Given, Row]]] = {table: [] for table in SEES}
    for each in world:
        for table, row in _rows(each):
            made[table].append((each, row))
    for table, rows in made.items():
        for _, values in rows if table not in before else ():
            connection.execute(insert(table), values)
    return made


def _rows(each: Given) -> Iterator[tuple[Table, Row]]:
    of: Row = {"case_id": each.case.id}
    yield t.cases, case_values(each.case)
    yield from ((t.referrals, {**values_of(r), **of, "asked_at": OPENED}) for r in each.referrals)
    yield from ((t.notifications, {**values_of(n), **of}) for n in each.notifications)
    yield from ((t.deadlines, {**values_of(deadline(kind)), **of}) for kind in ("plan", "transfer_decision"))
    yield t.case_log, _log_row(each)
    yield from ((t.break_glass, {**values_of(g), **_GLASS, **of, "id": new_id()}) for g in each.glass)
    yield from ((t.exclusions, {**_EXCLUDED, **of, "id": new_id(), "account_id": name}) for name in each.excluded)
    yield t.notices, {"id": new_id(), **of, "kind": "reminder", "recipient": {}, "created_at": OPENED}
    yield t.findings, {"id": new_id(), **of, "kind": "record_differs", "found_at": OPENED}
    yield t.reservations, _reservation(each)
    yield from _sealed(each, of)
    for case_id in (each.case.id, None):
        named = {name: new_id() for name in ("id", "number", "sent_as")}
        yield t.public_reports, {**_REPORT, **named, "agency_id": each.case.agency_id, "case_id": case_id}
    yield t.consents, _consent(each, of)
    yield t.erasures, {**of, **_CERTIFIED}
    for kind in ("shown", "refused"):
        yield t.access_log, {**_SIGHT, "kind": kind, "case_ids": [each.case.id], "account_id": each.by}


def _sealed(each: Given, of: Row) -> Iterator[tuple[Table, Row]]:
    sealed: Row = {**of, "command_id": new_id(), "digest": "d", "sealed": b"s", "stored_at": OPENED}
    for state in ("kept", "pending"):
        document = f"{state}-{new_id()}"
        yield t.documents, {**sealed, "id": document, "state": state}
        yield t.files, {"document_id": document, "type": "pdf", "size": 1, "count": 1}
        yield t.file_pieces, {"document_id": document, "number": 0, "sealed": b"s"}
        yield t.client_index, {"token": new_id().encode(), "document_id": document, **of, "version": 1}
        place = new_id()
        yield t.locations, {**sealed, "id": place, "state": state}
        reading = {"id": new_id(), **of, "location_id": place, "at": OPENED, "account_id": each.by}
        yield t.location_readings, {**reading, "role": "caseworker", "agency_id": OFFICE, "reason": b"r"}


def _log_row(each: Given) -> Row:
    row: Row = {"case_id": each.case.id, "sequence": 1, "kind": "CaseOpened", "at": OPENED, "account_id": each.by}
    row |= {"role": "caseworker", "agency_id": OFFICE, "command_id": new_id(), "body_digest": "d"}
    return row | {"body": {}, "case_after": {}, "previous": "", "digest": "d"}


def _reservation(each: Given) -> Row:
    row = {"account_id": each.by, "command_id": new_id(), "case_id": new_id(), "number": new_id()}
    return row | {"agency_id": each.case.agency_id, "body_digest": "d", "risk": "high", "reserved_at": OPENED}


def _consent(each: Given, of: Row) -> Row:
    return {"id": new_id(), **of, "scope": "services", "given_by": "self", "given_at": OPENED, "recorded_by": each.by}


_GLASS = {"reason_document_id": "d-1", "begun_at": OPENED - timedelta(minutes=30)}
_CERTIFIED = {
    **dict.fromkeys(("decided_at", "destroyed_at", "copies_until"), OPENED),
    "number": "n",
    "decided_by": "head",
    "documents": 1,
    "log_rows": 1,
    "log_digest": "d",
}
_EXCLUDED = {"ground": "own_interest", "excluded_by": "head", "excluded_at": OPENED}
_REPORT = {"sealed": b"s", "language": "id", "taken_at": OPENED, "due_at": OPENED}
_SIGHT = {"at": OPENED, "role": "caseworker", "agency_id": "polres", "thing": "case"}


def key_of(table: Table, row: Row) -> str:
    """What a row is known by; the database numbers those of the access log."""
    if table is t.access_log:
        return f"{row['kind']}|{row['case_ids'][0]}"
    return "|".join(_text(row[column.name]) for column in table.primary_key)


def _text(value: Any) -> str:
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


def _key(table: Table) -> ColumnElement[str]:
    names = [t.access_log.c.kind, t.access_log.c.case_ids[1]] if table is t.access_log else [*table.primary_key]
    return func.concat_ws("|", *(cast(name, Text) for name in names))


Sees = Callable[[Actor, Given, Row], bool]


def _parts(reader: Actor, each: Given, _: Row) -> bool:
    return each.ground(reader) not in (None, Ground.TRANSFER_OFFER)


def _content(reader: Actor, each: Given, row: Row) -> bool:
    return reader.role in OFFICE_ROLES and _parts(reader, each, row)


def _kept_content(reader: Actor, each: Given, row: Row) -> bool:
    return row["state"] == "kept" and _content(reader, each, row)


def _document(reader: Actor, each: Given, row: Row) -> bool:
    return row["state"] == "kept" and (_content(reader, each, row) or each.asks(reader))


def _of_document(reader: Actor, each: Given, row: Row) -> bool:
    return _document(reader, each, {"state": row["document_id"].partition("-")[0]})


def _log(reader: Actor, each: Given, row: Row) -> bool:
    own = row["account_id"] == reader.account_id and reader.account_id not in each.excluded
    return reader.role is Role.AUDITOR or own or _parts(reader, each, row) or each.asks(reader)


def _received(reader: Actor, each: Given, row: Row) -> bool:
    if reader.role is Role.AGENCY_OFFICER:
        sent = row.get("status") != ReferralStatus.PENDING
        return sent and row["agency_id"] == reader.agency_id and reader.account_id not in each.excluded
    return reader.role in {*OFFICE_ROLES, Role.COORDINATOR} and _parts(reader, each, row)


def _deadline(reader: Actor, each: Given, row: Row) -> bool:
    offered = row["kind"] == "transfer_decision" and each.ground(reader) is not None
    return reader.role is Role.AUDITOR or offered or _parts(reader, each, row)


def _reserved(reader: Actor, _: Given, row: Row) -> bool:
    own = row["account_id"] == reader.account_id
    return own or (reader.role in DECIDING and row["agency_id"] == reader.agency_id)


def _decides(reader: Actor, each: Given) -> bool:
    return reader.role in DECIDING and each.case.agency_id == reader.agency_id


def _glass(reader: Actor, each: Given, row: Row) -> bool:
    mine = row["account_id"] == reader.account_id
    return reader.account_id not in each.excluded and (mine or _decides(reader, each))


def _certificate(reader: Actor, each: Given, _: Row) -> bool:
    audits = reader.role is Role.AUDITOR and reader.account_id not in each.excluded
    return audits or each.ground(reader) is not None


def _exclusion(reader: Actor, each: Given, row: Row) -> bool:
    office = reader.role in {*OFFICE_ROLES, Role.COORDINATOR}
    return row["account_id"] == reader.account_id or (office and _parts(reader, each, row))


def _of_public(reader: Actor, each: Given, row: Row) -> bool:
    shut = row["case_id"] is not None and reader.account_id in each.excluded
    return reader.role in OFFICE_ROLES and row["agency_id"] == reader.agency_id and not shut


def _sight(reader: Actor, each: Given, row: Row) -> bool:
    refused = row["kind"] == "refused" and reader.role in DECIDING and row["agency_id"] == reader.agency_id
    its = _decides(reader, each) and reader.account_id not in each.excluded
    return reader.role is Role.AUDITOR or refused or its


SEES: Mapping[Table, Sees] = {
    t.cases: lambda reader, each, _: each.ground(reader) is not None,
    t.case_log: _log,
    t.referrals: _received,
    t.notifications: _received,
    t.deadlines: _deadline,
    t.notices: _parts,
    t.findings: _parts,
    t.reservations: _reserved,
    t.break_glass: _glass,
    t.exclusions: _exclusion,
    t.documents: _document,
    t.client_index: _content,
    t.files: _of_document,
    t.file_pieces: _of_document,
    t.locations: _kept_content,
    t.location_readings: _content,
    t.consents: _content,
    t.access_log: _sight,
    t.public_reports: _of_public,
    t.erasures: _certificate,
}
"""Which rows of each table a reader may see. A table of a case that is not here has no wall."""


def every_row(of: Iterable[Table]) -> Select[Any]:
    """Every row of some tables that the caller sees, in one statement."""
    return select(*(select(func.array_agg(_key(table))).scalar_subquery().label(table.name) for table in of))


EVERY_ROW = every_row(SEES)
"""The same of every table."""
