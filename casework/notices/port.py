"""What a channel must be, and what all of them promise: never to an unsafe contact, never without end."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Timer
from typing import Protocol

from casework.models.base import Model
from casework.models.notice import Contact, Delivered, Notice, Recipient, Skipped


class Rendered(Model):
    """A notice as text in one language; the subject is one line."""

    subject: str
    body: str


class Notifier(Protocol):
    """A way to tell people."""

    def send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        """Send once. Raises DeliveryError; one that is not retryable is for a person to look at."""


class Contacts(Protocol):
    """Where contacts are kept."""

    def contacts_for(
        self, recipient: Recipient, case_id: str | None = None, kept_from: str | None = None
    ) -> tuple[Contact, ...]:
        """All contacts, safe or not, of whoever is told now: of the stand-ins, where the recipient cannot act, or is
        excluded from the case that it is about; never of the account that it is `kept_from`."""


class Addressed(Protocol):
    """Where one-time links are sent, and what their addresses end with."""

    def addressed(self, link_id: str) -> tuple[Contact, ...]:
        """The mailbox of the agency of a link; none where nobody can use the link any more."""

    def token(self, link_id: str) -> str:
        """What the address of a link ends with."""


class SafeNotifier(ABC):
    """A channel that cannot be made to send to a contact not marked safe."""

    def send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        """Send once, or say why not."""
        return self._send(notice, contact, rendered) if contact.safe else Skipped(reason="not_safe")

    @abstractmethod
    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        """Send to a contact that is safe."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def cut_after(seconds: float, current: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the connection when time is up: a time-out per read does not end a peer that drips bytes."""

    def cut() -> None:
        if (connection := current()) is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
