"""What a referral or a mandatory notification shows: the parts that were named, opened, and nothing besides.

What is known of people and of the danger is shown as it stands, because what is out of date can hurt: a number that is
safe no longer, a suspect found out later. What was written or chosen for another occasion is shown as it stood when it
was sent: nobody decided that the agency may read a later assessment, and a later address may be where the client hides.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from casework.events import EventKind
from casework.models.codes import Part
from casework.numbers import numbers_in
from web.api.texts import ABOUT_CLIENT, Read, Row

IDENTITY = ("kind", "name", "sex", "birth_date", "age_years", "national_id", "disability", "in_school", "pregnant")
REACHED_BY = ("phone", "safe_to_contact", "contact_hours")
PLACES = ("address", "subdistrict", "village")
CAREGIVER = ("kind", "name", "phone")
ASSESSED = ("findings", "violence_types", "place", "narrative", "method")
SENDING = (EventKind.REFERRAL_SENT, EventKind.OVERRIDE_CONFIRMED, EventKind.NOTIFICATION_MADE)
ENDING = EventKind.REFERRAL_COMPLETED
KINDS = (*ABOUT_CLIENT, EventKind.ASSESSMENT_RECORDED, EventKind.DOCUMENT_ADDED, *SENDING, ENDING)
FILE = ("kind", "type", "size", "title")


class Disclosed:
    """The parts of one case, as one referral or notification shows them. Opens only what its parts need."""

    def __init__(self, texts: Read, case: Row, subject_id: str, upto: int | None = None) -> None:
        """`case` is the row of the case; `upto` the step of the log that is asked for, where not the last."""
        self._texts = texts
        rows = texts.rows(case["id"], KINDS, upto)
        about = [row for row in rows if row["subject_id"] == subject_id]
        self._sent = next((row["sequence"] for row in about if row["kind"] in SENDING), None)
        ended = next((row for row in about if row["kind"] == ENDING), None)
        # Who has given the result follows the case no further.
        self._rows = [row for row in rows if ended is None or row["sequence"] <= ended["sequence"]]
        self._risk = ended["case_after"]["risk"] if ended else case["risk"]
        self._opened: dict[int, dict[str, Any]] = {}

    def parts(self, named: Sequence[str]) -> dict[str, Any]:
        """The parts named, and nothing that a part not named would show."""
        give: dict[str, Callable[[], Any]] = {
            Part.IDENTITY: self._identity,
            Part.CONTACT: self._contact,
            Part.CAREGIVER: self._caregiver,
            Part.NARRATIVE: self._narrative,
            Part.ASSESSMENT: self._assessment,
            Part.RISK: lambda: self._risk,
            Part.NEEDS: self._needs,
            Part.PERPETRATORS: lambda: self._known("alleged_perpetrators") or [],
            Part.DOCUMENTS: self._documents,
        }
        return {part: give[part]() for part in named}

    def files(self, named: Sequence[str]) -> frozenset[str]:
        """The files that may be read with the parts named, by id."""
        return frozenset(row["subject_id"] for row in self._attached()) if Part.DOCUMENTS in named else frozenset()

    def _documents(self) -> list[dict[str, Any]]:
        """The files that lay with the case when it was sent, without what their senders called them."""
        return [{"id": row["subject_id"], **_only(self._body(row), FILE)} for row in self._attached()]

    def _attached(self) -> list[Row]:
        """Nobody decided that the agency may read a later one."""
        rows = (row for row in self._rows if row["kind"] == EventKind.DOCUMENT_ADDED)
        return [row for row in rows if self._sent is None or row["sequence"] <= self._sent]

    def _identity(self) -> dict[str, Any]:
        return _only(self._known("client") or {}, IDENTITY)

    def _contact(self) -> dict[str, Any]:
        """How the client is reached, as it stands; where the client was at home when it was sent."""
        now = self._known("client") or {}
        then = self._known("client", self._sent) or {}
        reached = _only(now, REACHED_BY)
        if now.get("safe_to_contact") is False or self._is_suspects(now.get("phone")):
            reached["phone"] = None
        return {**reached, **_only(then, PLACES)}

    def _caregiver(self) -> dict[str, Any] | None:
        """The family member who reported; a form of intake names no other caregiver."""
        reporter = self._known("reporter") or {}
        if reporter.get("kind") != "family":
            return None
        phone = None if self._is_suspects(reporter.get("phone")) else reporter.get("phone")
        return {**_only(reporter, CAREGIVER), "phone": phone}

    def _assessment(self) -> dict[str, Any]:
        row = self._assessed()
        return _only(self._body(row) if row else {}, ASSESSED)

    def _needs(self) -> list[str]:
        row = self._assessed()
        needs: list[str] = row["body"].get("needs", []) if row else []
        return needs

    def _narrative(self) -> str | None:
        """The account of the report that opened the case."""
        opened = next((row for row in self._rows if row["kind"] == EventKind.CASE_OPENED), None)
        narrative: str | None = self._body(opened).get("narrative") if opened else None
        return narrative

    def _assessed(self) -> Row | None:
        """The last assessment before it was sent; where there was none, in an emergency, the first one after."""
        made = [row for row in self._rows if row["kind"] == EventKind.ASSESSMENT_RECORDED]
        before = [row for row in made if self._sent is None or row["sequence"] <= self._sent]
        return next(iter(before[-1:] or made[:1]), None)

    def _is_suspects(self, phone: str | None) -> bool:
        """Whether who called this number might reach somebody suspected."""
        suspects = (self._known("alleged_perpetrators") or []) if phone else []
        return not numbers_in(phone).isdisjoint(numbers_in(*(each.get("phone") for each in suspects)))

    def _known(self, name: str, upto: int | None = None) -> Any:
        """One thing as last written by a step, opened; None where it never was."""
        told = [row for row in self._rows if row["kind"] in ABOUT_CLIENT and row["body"].get(name) is not None]
        rows = [row for row in told if upto is None or row["sequence"] <= upto]
        return self._body(rows[-1])[name] if rows else None

    def _body(self, row: Row) -> dict[str, Any]:
        """Each sealed text is opened once."""
        if row["sequence"] not in self._opened:
            self._opened[row["sequence"]] = self._texts.body(row)
        return self._opened[row["sequence"]]


def _only(whole: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: whole.get(name) for name in names}
