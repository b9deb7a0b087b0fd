"""Reading what was recorded."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from casework.models.erasure import Certificate
from casework.models.figure import Counted, Key, Period
from casework.models.people import Actor
from casework.models.state import Receipt
from casework.ports.board import Board, BoardQuery, Caseload, Stalled, Standing, Work
from casework.ports.search import Tokens


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
