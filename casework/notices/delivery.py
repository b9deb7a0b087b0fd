"""One notice to all contacts of its recipient. An activity calls `NoticeDelivery.deliver_notice`."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from casework.models.notice import (
    Contact,
    Delivered,
    DeliveryError,
    Later,
    Notice,
    NoticeKind,
    NotNow,
    Outcome,
    Skipped,
)
from casework.notices.port import Addressed, Contacts, Notifier, Rendered
from casework.notices.render import render
from casework.numbers import numbers_in
from casework.ports import Suspects
from casework.rules.contacting import opens_at, unfit

Mark = Callable[[str], None]
Result = Delivered | Skipped | DeliveryError | Later
Weigh = Callable[[Contact], Skipped | Later | None]


def _unmarked(_: str) -> None:
    """Nobody remembers who was told."""


def mark_of(notice: Notice, contact: Contact) -> str:
    """A mark of a contact within a notice: tells a few apart, and is too short to find the address by."""
    return hashlib.sha256(f"{notice.id} {contact.medium} {contact.address}".encode()).hexdigest()[:8]


def deliver(
    notice: Notice,
    contacts: Iterable[Contact],
    notifier: Notifier,
    zone: ZoneInfo,
    base_url: str,
    weigh: Weigh,
    done: Collection[str] = (),
    mark: Mark = _unmarked,
    page: str | None = None,
) -> Outcome:
    """Tell every contact once that `weigh` has nothing against; one that fails keeps no other from being told.

    Returns what became of it, final failures included. If a contact may still be told later, raises its
    retryable DeliveryError, or NotNow, after all have been tried. `mark` gets a mark of each contact told; a repeat
    with these as `done` leaves out who knows already. `page` is where the notice leads, if its kind does not say so.
    """
    results: list[Result] = []
    for contact in contacts:
        key = mark_of(notice, contact)
        if key in done:
            results.append(Delivered(medium=contact.medium))
            continue
        against = weigh(contact)
        result = against or _tell(notifier, notice, contact, render(notice, contact.language, zone, base_url, page))
        results.append(result)
        if isinstance(result, Delivered):
            mark(key)
    return _outcome(results)


def _tell(notifier: Notifier, notice: Notice, contact: Contact, text: Rendered) -> Result:
    try:
        return notifier.send(notice, contact, text)
    except DeliveryError as error:
        return error


def _outcome(results: list[Result]) -> Outcome:
    for result in results:
        if isinstance(result, DeliveryError) and result.retryable:
            raise result
    waits = [result.at for result in results if isinstance(result, Later)]
    if waits:
        raise NotNow(min(waits))
    by = tuple(result.medium for result in results if isinstance(result, Delivered))
    missed = tuple(result.reason for result in results if isinstance(result, Skipped | DeliveryError))
    return Outcome(by=by, missed=missed if results else ("no_contact",))


@dataclass(frozen=True)
class NoticeDelivery:
    """What the sending of notices needs, wired once a process."""

    contacts: Contacts
    notifier: Notifier
    zone: ZoneInfo
    base_url: str
    suspects: Suspects
    now: Callable[[], datetime]
    links: Addressed

    def deliver_notice(self, notice: Notice, done: Collection[str] = (), mark: Mark = _unmarked) -> Outcome:
        """Deliver to the recipient's contacts as they are now; as `deliver` promises."""
        contacts, page = self._reached(notice)

        def weigh(contact: Contact) -> Skipped | Later | None:
            return self._weigh(notice, contact)

        return deliver(notice, contacts, self.notifier, self.zone, self.base_url, weigh, done, mark, page)

    def _reached(self, notice: Notice) -> tuple[tuple[Contact, ...], str | None]:
        """Who is told: a link goes to its agency's mailbox, and never to who stands in: it opens to anybody."""
        if notice.kind is not NoticeKind.REFERRAL_LINK:
            return self.contacts.contacts_for(notice.recipient, notice.case_id, notice.kept_from), None
        link_id = notice.about_id or ""
        return self.links.addressed(link_id), f"/link/{self.links.token(link_id)}"

    def _weigh(self, notice: Notice, contact: Contact) -> Skipped | Later | None:
        """What speaks against a contact now; nothing is sent to it where anything does."""
        now, numbers = self.now(), numbers_in(contact.address)
        shared = notice.case_id is not None and bool(self.suspects.shared(notice.case_id, numbers))
        reason = unfit(contact, now, shared=shared)
        if reason:
            return Skipped(reason=reason)
        later = opens_at(contact.hours, now, self.zone)
        return Later(at=later) if later else None
