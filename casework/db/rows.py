"""Models as rows of the tables."""

from datetime import datetime
from typing import Any

from casework.events import CaseEvent, Recording
from casework.models.base import Model
from casework.models.state import CaseRow
from casework.rules.chain import CASE_LOG

Values = dict[str, Any]


def values_of(model: Model) -> Values:
    """A model's fields as JSON types, but instants as instants."""
    plain = model.model_dump(mode="json")
    return {name: at if isinstance(at := getattr(model, name), datetime) else plain[name] for name in plain}


def case_values(case: CaseRow) -> Values:
    """The row of a case, with what figures ask of the client in columns of their own."""
    client = case.client
    return {**values_of(case), "sex": client.sex.value, "age_band": client.age_band, "subdistrict": client.subdistrict}


def log_values(recording: Recording, previous: str) -> Values:
    """The log's row of what was recorded, chained to the digest before it."""
    event = recording.event
    subject = next((referral for referral in recording.referrals if referral.id == event.subject_id), None)
    row = {
        **_event_values(event),
        "case_after": recording.case.model_dump(mode="json"),
        "referral_after": subject.model_dump(mode="json") if subject else None,
        "previous": previous,
    }
    return {**row, "digest": CASE_LOG.digest(row)}


def part_values(recording: Recording, parts: tuple[Model, ...], **more: Any) -> list[Values]:
    """The rows of what hangs on the case."""
    return [{**values_of(part), "case_id": recording.case.id, **more} for part in parts]


def _event_values(event: CaseEvent) -> Values:
    return {
        "case_id": event.case_id,
        "sequence": event.sequence,
        "kind": event.kind.value,
        "at": event.at,
        "account_id": event.actor.account_id,
        "role": event.actor.role.value,
        "agency_id": event.actor.agency_id,
        "command_id": event.command_id,
        "body_digest": event.body_digest,
        "subject_id": event.subject_id,
        "document_id": event.document.id if event.document else None,
        "document_digest": event.document.digest if event.document else None,
        "body": event.body,
    }
