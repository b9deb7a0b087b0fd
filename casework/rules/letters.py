"""Letters: what may be written about, and what of a file goes on paper. A letter shows no more than its reader sees
here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from casework.commands import IssueLetter, Order
from casework.errors import AlreadyDecidedError, InvalidInputError
from casework.events import EventKind
from casework.models.codes import LetterKind, NotificationKind, Part
from casework.models.pathway import Category, Service
from casework.models.state import CaseState
from casework.rules.disclosing import discloses, tells
from casework.rules.opening import problem
from casework.rules.step import CASEWORK, Step, rule

COURTS = frozenset({Service.RELIGIOUS_COURT, Service.COURT})
"""Courts that are asked for a dispensation: which one depends on the religion."""
LEFT_OUT = frozenset({"phone", "id", "type", "size"})
"""Of what is disclosed: numbers, and what only a computer has a use for."""
ENDED = "What it was to say is disclosed no longer."
Parts = Mapping[str, Any]


@rule(IssueLetter, CASEWORK, None)
def issue_letter(state: CaseState, order: Order[IssueLetter], now: datetime) -> Step:
    """Keep a letter that goes out, as long as its receiver may see what it says."""
    if order.document is None:
        raise InvalidInputError("A letter has a content.", errors=[problem("/content", "missing", "The letter.")])
    check = {
        LetterKind.REFERRAL: _check_referral,
        LetterKind.COURT_RECOMMENDATION: _check_recommendation,
        LetterKind.POLICE_NOTIFICATION: _check_notification,
        LetterKind.CASE_SUMMARY: _check_summary,
    }
    check[order.body.kind](state, order.body, now)
    return Step(state, EventKind.LETTER_ISSUED, subject_id=order.document.id)


def goes_to(letter: Parts, agency_id: str, about_id: str) -> bool:
    """Whether a letter, of which this is kept in the clear, goes to the agency of a referral or notification: it is
    about that, or a summary for the agency among others."""
    if letter["kind"] == LetterKind.CASE_SUMMARY:
        return agency_id in letter["agencies"]
    return bool(letter["about_id"] == about_id)


def common(shown: Iterable[Sequence[Parts]]) -> dict[str, Any]:
    """Of what each of several agencies is shown, by each of its referrals, the parts that all are shown alike."""
    views = [tuple(each) for each in shown]
    first = [item for parts in views[0] for item in parts.items()] if views else []
    alike = [(name, value) for name, value in first if all(_is_shown(name, value, view) for view in views)]
    return dict(sorted(alike, key=lambda item: list(Part).index(Part(item[0]))))


def on_paper(parts: Parts) -> dict[str, Any]:
    """What of the parts disclosed is written into a letter: paper lies about, and is read by whoever finds it.

    No telephone number, unless it is the client's and marked safe.
    """
    made = {name: _without_numbers(value) for name, value in parts.items()}
    contact = parts.get(Part.CONTACT)
    if isinstance(contact, Mapping) and contact.get("safe_to_contact") is True:
        made[Part.CONTACT.value] = dict(contact)
    return made


def _without_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_numbers(part) for name, part in value.items() if name not in LEFT_OUT}
    return [_without_numbers(part) for part in value] if isinstance(value, list | tuple) else value


def _is_shown(name: str, value: Any, view: Sequence[Parts]) -> bool:
    return any(name in parts and parts[name] == value for parts in view)


def _check_referral(state: CaseState, body: IssueLetter, now: datetime) -> None:
    referral = state.referrals.get(body.about_id or "")
    if referral is None:
        raise _unknown("The referral that it speaks of.")
    if not discloses(referral.model_dump(), now):
        raise AlreadyDecidedError(ENDED)


def _check_recommendation(state: CaseState, body: IssueLetter, now: datetime) -> None:
    _check_referral(state, body, now)
    asked = state.referrals[body.about_id or ""]
    if asked.service not in COURTS or Category.CHILD_MARRIAGE not in state.categories:
        raise _unknown("A referral to a court that is asked for a dispensation of marriage.")


def _check_notification(state: CaseState, body: IssueLetter, now: datetime) -> None:
    notification = state.notifications.get(body.about_id or "")
    if notification is None or notification.kind is not NotificationKind.POLICE:
        raise _unknown("The notification of the police that it speaks of.")
    if not tells(notification.model_dump(), now):
        raise AlreadyDecidedError(ENDED)


def _check_summary(state: CaseState, body: IssueLetter, now: datetime) -> None:
    if not body.agencies:
        raise InvalidInputError("Say who is to read it.", errors=[problem("/agencies", "missing", "Name them.")])


def _unknown(detail: str) -> InvalidInputError:
    return InvalidInputError(
        "There is nothing of that kind to write about.", errors=[problem("/about_id", "unknown", detail)]
    )
