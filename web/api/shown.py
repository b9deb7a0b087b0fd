"""Answers about one case or referral, made of rows and of what may be opened for the reader."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse

from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.access import NUMBERS, columns_shown, referral_shown, shown
from casework.rules.disclosing import tells
from web.api.answers import Answer, CaseAnswer, NotificationAnswer, ReferralAnswer, summary
from web.api.disclosed import Disclosed
from web.api.texts import Row, Texts, may_read

EMPTY: dict[str, Any] = {"categories": [], "links": [], "pathways": []}


def reply(answer: Answer, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer as it is sent."""
    return JSONResponse(answer.model_dump(mode="json"), status, dict(headers or {}))


def etag(revision: int) -> dict[str, str]:
    """The header that a later `If-Match` repeats."""
    return {"ETag": f'"{revision}"'}


def case_of(texts: Texts, reader: Actor, row: Row, now: datetime, upto: int | None = None) -> CaseAnswer:
    """A case as the reader may see it; `row` is as stored, or as a step of the log left it."""
    read = may_read(reader, row) and not row.get("erased_at")
    client = texts.read_by(reader).client(row["id"], upto) if read else None
    pathways = [{"category": category, "version": version} for category, version in row["pathways"] or ()]
    if "ground" not in row and reader.role in OFFICE_ROLES and row["agency_id"] != reader.agency_id:
        # An office that declined a case learns no more of it than it did before.
        row = {name: value if name in NUMBERS else EMPTY.get(name) for name, value in row.items()}
        pathways = []
    seen = summary(shown(reader, row), now)
    return CaseAnswer.model_validate({**seen, "pathways": pathways if seen["pathways"] else [], "client": client})


def queued_of(reader: Actor, row: Row) -> CaseAnswer:
    """A reported case that has not started."""
    columns = columns_shown(reader.role)
    blank: dict[str, Any] = dict.fromkeys(("assigned_to", "opened_at", "closed_at", "due_at", "client"))
    nothing = {"categories": [], "pathways": [], "links": [], "stalled": False, "revision": 0}
    own = {"id": row["case_id"], "number": row["number"], "agency_id": row["agency_id"]}
    risk = row["risk"] if columns is None or "risk" in columns else None
    return CaseAnswer.model_validate({**blank, **nothing, **own, "risk": risk, "status": "queued", "stage": "intake"})


def referral_of(
    texts: Texts, reader: Actor, row: Row, case: Row, *, open_: bool, upto: int | None = None
) -> ReferralAnswer:
    """A referral with what it discloses; `case` is the row of its case at that time.

    `open_` says whether its receiver sees that now, whatever it saw then.
    """
    receives = reader.role is Role.AGENCY_OFFICER and reader.agency_id == row["agency_id"]
    sees = open_ if receives else may_read(reader, case)
    disclosed = Disclosed(texts.read_by(reader), case, row["id"], upto).parts(row["disclose"]) if sees else {}
    return ReferralAnswer.model_validate({**referral_shown(reader, row), "disclosed": disclosed})


def notification_of(texts: Texts, reader: Actor, row: Row, case: Row, now: datetime) -> NotificationAnswer:
    """A mandatory notification with what it shows to who was told."""
    receives = reader.role is Role.AGENCY_OFFICER and reader.agency_id == row["agency_id"]
    sees = tells(row, now) if receives else may_read(reader, case)
    disclosed = Disclosed(texts.read_by(reader), case, row["id"]).parts(row["disclose"]) if sees else {}
    return NotificationAnswer.model_validate({**row, "disclosed": disclosed})
