"""Channels that leave no machine: the console for development, a list for tests."""

from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from casework.models.notice import Contact, Delivered, DeliveryError, Notice, Skipped
from casework.notices.port import Rendered, SafeNotifier

log = structlog.get_logger()


class ConsoleNotifier(SafeNotifier):
    """One log line a notice; without the address, which may be a person's."""

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered:
        log.info(
            "notice",
            notice_id=notice.id,
            kind=notice.kind.value,
            case_number=notice.case_number,
            subject=rendered.subject,
        )
        return Delivered(medium="console")


class Sent(NamedTuple):
    """One message as a test sees it."""

    notice: Notice
    contact: Contact
    rendered: Rendered


@dataclass
class MemoryNotifier(SafeNotifier):
    """Keeps what was sent; raises `failing` instead while it is set."""

    sent: list[Sent] = field(default_factory=list)
    failing: DeliveryError | None = None

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        if self.failing is not None:
            raise self.failing
        self.sent.append(Sent(notice, contact, rendered))
        return Delivered(medium=contact.medium)
