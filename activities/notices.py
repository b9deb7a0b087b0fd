"""Telling people: takes queued notices from the outbox and delivers them, each at its own pace."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from temporalio import activity

from casework.models.notice import DeliveryError, Notice, NotNow, Outcome
from casework.rules.contacting import Unfit

IDLE_SECONDS = 1.0
BATCH = 20

log = structlog.get_logger()


class Outbox(Protocol):
    """Where notices wait. A notice taken is nobody else's until its lease ends."""

    def due(self, limit: int) -> Sequence[Notice]:
        """Queued notices whose time has come, leased to this caller."""
        ...

    def told(self, notice_id: str) -> tuple[str, ...]:
        """The marks of the contacts that know already."""
        ...

    def mark_told(self, notice_id: str, mark: str) -> None:
        """Remember that a contact was told."""
        ...

    def mark_delivered(self, notice_id: str) -> None:
        """Somebody was told."""
        ...

    def mark_skipped(self, notice_id: str, code: str) -> None:
        """Nobody can be told: shown to a person, never dropped."""
        ...

    def put_off(self, notice_id: str, until: datetime) -> None:
        """Nobody else may be told before then: it counts as no try."""
        ...

    def warn(self, notice: Notice) -> None:
        """Tell the supervisors of the case's office that a contact must not be used, once a day."""
        ...

    def mark_failed(self, notice_id: str, code: str) -> None:
        """Try again later, each time later; after the last attempt it is undeliverable and shown."""
        ...


class Delivery(Protocol):
    """How one notice goes out."""

    def deliver_notice(self, notice: Notice, done: Collection[str] = (), mark: Callable[[str], None] = ...) -> Outcome:
        """Deliver; raises DeliveryError where a contact may still be told later."""
        ...


class NoticesActivities:
    """The activity on the queue of what may be slow."""

    def __init__(self, outbox: Outbox, delivery: Delivery) -> None:
        self._outbox = outbox
        self._delivery = delivery

    @activity.defn
    def deliver_for(self, seconds: float) -> int:
        """Deliver what is queued, and what comes, for so many seconds or until the worker stops; how many."""
        end, settled = time.monotonic() + seconds, 0
        while time.monotonic() < end and not activity.is_worker_shutdown():
            activity.heartbeat(settled)
            done = self.deliver_batch()
            settled += done
            if not done:
                activity.wait_for_worker_shutdown_sync(IDLE_SECONDS)
        return settled

    def deliver_batch(self) -> int:
        """Deliver one batch; how many were taken."""
        batch = self._outbox.due(BATCH)
        for notice in batch:
            self._deliver(notice)
        return len(batch)

    def _deliver(self, notice: Notice) -> None:
        def mark(contact: str) -> None:
            self._outbox.mark_told(notice.id, contact)

        try:
            outcome = self._delivery.deliver_notice(notice, self._outbox.told(notice.id), mark)
        except NotNow as later:
            self._outbox.put_off(notice.id, later.at)
            return
        except DeliveryError as error:
            log.warning("notice_put_off", notice_id=notice.id, reason=error.reason)
            self._outbox.mark_failed(notice.id, error.reason)
            return
        if Unfit.SHARED in outcome.missed:
            self._outbox.warn(notice)
        if outcome.delivered:
            self._outbox.mark_delivered(notice.id)
        else:
            self._outbox.mark_skipped(notice.id, outcome.reason or "no_contact")
