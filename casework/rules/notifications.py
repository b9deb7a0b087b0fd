"""Mandatory notifications: told by law, with or without consent, and explained to the client."""

from datetime import datetime

from casework.commands import Notify, Order, ReceiveNotification
from casework.errors import AlreadyDecidedError, InvalidInputError, NotFoundError
from casework.events import EventKind
from casework.models.codes import NotificationKind
from casework.models.notice import Recipient
from casework.models.people import Role
from casework.models.state import CaseState, Notification
from casework.rules.disclosing import parts_told, told_until
from casework.rules.opening import check_past, problem
from casework.rules.step import CASEWORK, Fact, Step, Told, rule, to_owner

FACT = {
    NotificationKind.POLICE: "police_notified",
    NotificationKind.PARENTS: "parents_notified",
    NotificationKind.SOCIAL_OFFICE: "social_office_notified",
}


@rule(Notify, CASEWORK)
def notify(state: CaseState, order: Order[Notify], now: datetime) -> Step:
    """Keep that an agency was told by law, how it was explained, and any objection (UU 12/2022 art. 41)."""
    body = order.body
    check_past("/made_at", body.made_at, now)
    if body.explained_to_client is None:
        raise InvalidInputError(
            "Say whether it was explained to the client.",
            errors=[problem("/explained_to_client", "missing", "true or false; it needs no consent, but is logged.")],
        )
    _check_receiver(order)
    agency = body.agency_id or state.agency_id
    notification = Notification(
        id=order.new_id,
        kind=body.kind,
        agency_id=agency,
        made_at=body.made_at or now,
        reference=body.reference,
        disclose=parts_told(state, body.kind),
    )
    after = with_notification(state, notification)
    told = (Told("notification_made", Recipient(agency_id=agency), notification.id),)
    facts = (Fact(FACT[body.kind], notification.made_at),)
    return Step(after, EventKind.NOTIFICATION_MADE, notification.id, facts, told)


def _check_receiver(order: Order[Notify]) -> None:
    """An office is told, not nobody; and only telling the police ends the clock that says to tell the police."""
    kind, agency_id = order.body.kind, order.body.agency_id
    if kind is not NotificationKind.PARENTS and agency_id is None:
        raise InvalidInputError("Say who was told.", errors=[problem("/agency_id", "missing", "Name the agency.")])
    # An order of a history from before this was looked up does not say; it was taken, and stays taken.
    if kind is NotificationKind.POLICE and order.facts.get("receiver_kind", "police") != "police":
        detail = "Name a police unit; see GET /api/v1/agencies."
        raise InvalidInputError("This agency is not the police.", errors=[problem("/agency_id", "not_police", detail)])


@rule(ReceiveNotification, frozenset({Role.AGENCY_OFFICER}), None)
def receive_notification(state: CaseState, order: Order[ReceiveNotification], now: datetime) -> Step:
    """The receiver's receipt of a mandatory notification."""
    notification = state.notifications.get(order.subject_id or "")
    if notification is None or notification.agency_id != order.actor.agency_id:
        raise NotFoundError("There is no such notification.")
    if notification.received_at is not None:
        raise AlreadyDecidedError("The receipt is already recorded.")
    update = {
        "received_at": now,
        "receipt_reference": order.body.reference,
        "disclosed_until": told_until(state, notification.kind, now),
    }
    after = with_notification(state, notification.model_copy(update=update))
    told = (Told("notification_received", to_owner(state), notification.id),)
    return Step(after, EventKind.NOTIFICATION_RECEIVED, notification.id, told=told)


def with_notification(state: CaseState, notification: Notification) -> CaseState:
    """The state with one notification put in."""
    return state.model_copy(update={"notifications": {**state.notifications, notification.id: notification}})
