"""Reading with a note of what was read: everything in `web` reads cases through this, and so can forget nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from casework.models.access import Ground
from casework.models.codes import Status
from casework.models.erasure import Certificate
from casework.models.figure import Counted, Key, Period
from casework.models.people import Actor
from casework.models.sight import OtherGround
from casework.models.state import Receipt
from casework.ports import Board, BoardQuery, Caseload, Reads, Stalled, Standing, Tokens, Work
from casework.rules.figures import of_own_office
from web.seen import SEEN

Row = Mapping[str, Any]


def note(reader: Actor | None, case_id: str | None, ground: str, subject: str | None = None) -> None:
    """Note that something was read by the request that is under way: of a case, or about none in particular."""
    seen = SEEN.get()
    if seen is not None:
        seen.note(reader, case_id, ground, subject)


@contextmanager
def unnoted() -> Iterator[None]:
    """For what tells nothing of what it reads but that something changed."""
    token = SEEN.set(None)
    try:
        yield
    finally:
        SEEN.reset(token)


def _asked(reader: Actor) -> None:
    seen = SEEN.get()
    if seen is not None:
        seen.reader = reader


class NotingReads:
    """Keeps the promises of `ports.Reads`, and notes each case whose row is given out."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def case(self, reader: Actor, case_id: str) -> Row | None:
        """A case's row."""
        return _case(reader, self._reads.case(reader, case_id))

    def skeleton(self, reader: Actor, case_id: str) -> Row | None:
        """What is left of a case that was erased."""
        return _case(reader, self._reads.skeleton(reader, case_id))

    def case_id_of_number(self, reader: Actor, number: str) -> str | None:
        """The case of a number: an id tells nothing that needs a note."""
        _asked(reader)
        return self._reads.case_id_of_number(reader, number)

    def cases(
        self,
        reader: Actor,
        filters: Mapping[str, str],
        limit: int,
        cursor: str | None,
        stalled: Stalled | None = None,
        about: Sequence[Tokens] = (),
    ) -> tuple[list[Row], str | None]:
        """A page of cases."""
        rows, following = self._reads.cases(reader, filters, limit, cursor, stalled, about)
        for row in rows:
            _case(reader, row)
        if about and not rows:
            note(reader, None, OtherGround.SEARCH)  # that nobody of that name is here is told, too
        return rows, following

    def standing(self, reader: Actor, case_id: str) -> Standing | None:
        """How a case stands."""
        standing = self._reads.standing(reader, case_id)
        _case(reader, standing.case if standing else None)
        return standing

    def board(self, reader: Actor, query: BoardQuery) -> Board:
        """A page of what stands still; of a report that waits the row is its reservation's."""
        board = self._reads.board(reader, query)
        for standing in board.items:
            if standing.case["status"] == Status.QUEUED:
                note(reader, str(standing.case["case_id"]), Ground.OWN_OFFICE)
            else:
                _case(reader, standing.case)
        return board

    def work(self, reader: Actor, now: datetime) -> Work:
        """What waits for the reader, and the cases that it is of."""
        work = self._reads.work(reader, now)
        for row in (*work.clocks, *work.answers, *work.assignments):
            note(reader, str(row["case_id"]), str(row["ground"]))
        return work

    def caseload(self, reader: Actor, now: datetime) -> Caseload:
        """Numbers of the own office: of no case in particular."""
        note(reader, None, Ground.OWN_OFFICE)
        return self._reads.caseload(reader, now)

    def counted(self, reader: Actor, period: Period, zone: str, ids: Collection[str]) -> Mapping[str, Counted]:
        """Figures: of the own office, of no case in particular; of all offices with nothing in them that is of one."""
        if of_own_office(reader):
            note(reader, None, Ground.OWN_OFFICE)
        return self._reads.counted(reader, period, zone, ids)

    def cases_of(
        self, reader: Actor, period: Period, zone: str, figure_id: str, key: Key | None, limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """A page of the cases behind a number."""
        rows, following = self._reads.cases_of(reader, period, zone, figure_id, key, limit, cursor)
        for row in rows:
            _case(reader, row)
        return rows, following

    def to_register(self, reader: Actor, period: Period, zone: str) -> list[tuple[str, str]]:
        """The cases that the register is told of."""
        its = self._reads.to_register(reader, period, zone)
        note(reader, None, Ground.OWN_OFFICE)
        for case_id, ground in its:
            note(reader, case_id, ground)
        return its

    def register(self, reader: Actor, period: Period, zone: str) -> Iterator[Row]:
        """What is told of cases that were noted before."""
        return self._reads.register(reader, period, zone)

    def register_page(
        self, reader: Actor, period: Period, zone: str, limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """A page of that."""
        rows, following = self._reads.register_page(reader, period, zone, limit, cursor)
        note(reader, None, Ground.OWN_OFFICE)
        for row in rows:
            _case(reader, row)
        return rows, following

    def log(self, reader: Actor, case_id: str, kinds: Collection[str] = ()) -> list[Row]:
        """Rows of a log. Who reads it without having been shown the case is the auditor."""
        rows = self._reads.log(reader, case_id, kinds)
        if rows:
            note(None, case_id, OtherGround.AUDIT)
        return rows

    def event(self, reader: Actor, command_id: str) -> Row | None:
        """What a command left, which is the answer to who gave it."""
        row = self._reads.event(reader, command_id)
        if row:
            note(None, str(row["case_id"]), OtherGround.COMMAND)
        return row

    def receipt(self, reader: Actor, command_id: str) -> Receipt | None:
        """Holds nothing of the case but its id."""
        return self._reads.receipt(reader, command_id)

    def referrals(self, reader: Actor, case_id: str) -> list[Row]:
        """Referrals of a case."""
        return [_part(reader, row) for row in self._reads.referrals(reader, case_id)]

    def referral(self, reader: Actor, referral_id: str) -> Row | None:
        """A referral."""
        _asked(reader)
        row = self._reads.referral(reader, referral_id)
        return _part(reader, row) if row else None

    def inbox(
        self, reader: Actor, agency_id: str | None, status: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """A page of referrals."""
        rows, following = self._reads.inbox(reader, agency_id, status, limit, cursor)
        return [_part(reader, row) for row in rows], following

    def told(
        self, reader: Actor, agency_id: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """A page of what was told by law."""
        rows, following = self._reads.told(reader, agency_id, limit, cursor)
        return [_part(reader, row) for row in rows], following

    def notifications(self, reader: Actor, case_id: str) -> list[Row]:
        """What was told by law about a case."""
        return [_part(reader, row) for row in self._reads.notifications(reader, case_id)]

    def notification(self, reader: Actor, notification_id: str) -> Row | None:
        """One of them."""
        _asked(reader)
        row = self._reads.notification(reader, notification_id)
        return _part(reader, row) if row else None

    def queued(self, reader: Actor, case_id: str) -> Row | None:
        """A report that waits."""
        _asked(reader)
        row = self._reads.queued(reader, case_id)
        if row:
            mine = row["account_id"] == reader.account_id
            note(reader, case_id, Ground.OPENED_BY if mine else Ground.OWN_OFFICE)
        return row

    def deadlines(self, reader: Actor, case_id: str) -> list[Row]:
        """Of a case that was read before."""
        return self._reads.deadlines(reader, case_id)

    def certificate(self, reader: Actor, case_id: str) -> Certificate | None:
        """Of a case that is no more, for who decides and who audits."""
        found = self._reads.certificate(reader, case_id)
        if found:
            note(None, case_id, OtherGround.AUDIT)
        return found

    def certificates(self, reader: Actor, limit: int, cursor: str | None) -> tuple[list[Certificate], str | None]:
        """Of cases that are no more."""
        found, following = self._reads.certificates(reader, limit, cursor)
        for each in found:
            note(reader, each.case_id, OtherGround.AUDIT)
        return found, following

    def consents(self, reader: Actor, case_id: str) -> list[Row]:
        """Of a case that was read before."""
        return self._reads.consents(reader, case_id)

    def facts_of_client(self, case_id: str) -> Row | None:
        """For checks."""
        return self._reads.facts_of_client(case_id)


def _case(reader: Actor, row: Row | None) -> Row | None:
    _asked(reader)
    if row is not None:
        note(reader, str(row["id"]), str(row["ground"]))
    return row


def _part(reader: Actor, row: Row) -> Row:
    """A referral or notification: to its receiver that is the ground, to everybody else the case's is."""
    receives = row["agency_id"] == reader.agency_id
    note(reader, str(row["case_id"]), Ground.REFERRAL if receives else str(row["ground"]))
    return row
