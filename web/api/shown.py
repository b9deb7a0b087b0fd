"""Answers about one case or referral, made of rows and of what may be opened for the reader."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse

from casework.events import EventKind
from casework.models.codes import Part, ReferralStatus
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.access import NUMBERS, columns_shown, referral_shown, shown
from web.api.answers import Answer, CaseAnswer, ReferralAnswer, summary
from web.api.texts import Row, Texts, may_read

IDENTITY = ("kind", "name", "sex", "birth_date", "age_years", "national_id", "disability", "in_school", "pregnant")
CONTACT = ("phone", "address", "subdistrict", "village", "safe_to_contact", "contact_hours")
ASSESSED = ("findings", "violence_types", "place", "narrative", "method")
EMPTY: dict[str, Any] = {"categories": [], "links": [], "pathways": []}
ENDED_UNUSED = (ReferralStatus.DECLINED, ReferralStatus.REVOKED)


def reply(answer: Answer, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer as it is sent."""
    return JSONResponse(answer.model_dump(mode="json"), status, dict(headers or {}))


def etag(revision: int) -> dict[str, str]:
    """The header that a later `If-Match` repeats."""
    return {"ETag": f'"{revision}"'}


def case_of(texts: Texts, reader: Actor, row: Row, now: datetime, upto: int | None = None) -> CaseAnswer:
    """A case as the reader may see it; `row` is as stored, or as a step of the log left it."""
    client = texts.client(row["id"], upto) if may_read(reader, row) else None
    pathways = [{"category": category, "version": version} for category, version in row["pathways"] or ()]
    if reader.role in OFFICE_ROLES and row["agency_id"] != reader.agency_id:
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


def referral_of(texts: Texts, reader: Actor, row: Row, case: Row, upto: int | None = None) -> ReferralAnswer:
    """A referral with what it discloses; `case` is the row of its case at that time."""
    receives = reader.role is Role.AGENCY_OFFICER and reader.agency_id == row["agency_id"]
    disclosed: dict[str, Any] = {}
    if receives and row["status"] not in ENDED_UNUSED:
        disclosed = _to_receiver(texts, row, case, upto)
    elif may_read(reader, case):
        disclosed = _disclosed(texts, row["disclose"], case, upto)
    return ReferralAnswer.model_validate({**referral_shown(reader, row), "disclosed": disclosed})


def _to_receiver(texts: Texts, row: Row, case: Row, upto: int | None) -> dict[str, Any]:
    """While it is open what is known now; of a completed one what was known then, and nothing once consent is gone."""
    if row["status"] != ReferralStatus.COMPLETED:
        return _disclosed(texts, row["disclose"], case, upto)
    kinds = (EventKind.REFERRAL_COMPLETED, EventKind.CONSENT_WITHDRAWN)
    later = texts.rows(case["id"], kinds, upto)
    ended = [event["sequence"] for event in later if event["subject_id"] == row["id"]]
    withdrawn = any(event["kind"] == EventKind.CONSENT_WITHDRAWN for event in later)
    if withdrawn and row["override_ground"] is None:
        return {}
    return _disclosed(texts, row["disclose"], case, ended[0] if ended else upto)


def _disclosed(texts: Texts, parts: list[str], case: Row, upto: int | None) -> dict[str, Any]:
    """The parts named, and nothing that a part not named would show. Files are not kept yet: `documents` is empty."""
    known = texts.known(case["id"], upto)
    assessments = texts.rows(case["id"], (EventKind.ASSESSMENT_RECORDED,), upto)
    client = known.get("client", {})
    assessed = texts.body(assessments[-1]) if assessments and Part.ASSESSMENT in parts else {}
    give: dict[str, Callable[[], Any]] = {
        Part.IDENTITY: lambda: _only(client, IDENTITY),
        Part.CONTACT: lambda: _only(client, CONTACT),
        Part.CAREGIVER: lambda: _caregiver(known),
        Part.NARRATIVE: lambda: known.get("narrative"),
        Part.ASSESSMENT: lambda: _only(assessed, ASSESSED),
        Part.RISK: lambda: case["risk"],
        Part.NEEDS: lambda: assessments[-1]["body"].get("needs", []) if assessments else [],
        Part.PERPETRATORS: lambda: known.get("alleged_perpetrators", []),
        Part.DOCUMENTS: list,
    }
    return {part: give[part]() for part in parts}


def _caregiver(known: dict[str, Any]) -> dict[str, Any] | None:
    """The family member who reported; a form of intake names no other caregiver."""
    reporter: dict[str, Any] = known.get("reporter", {})
    return _only(reporter, ("kind", "name", "phone")) if reporter.get("kind") == "family" else None


def _only(whole: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: whole.get(name) for name in names}
