"""Notices, contacts and the servers that take them, for tests."""

import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from casework import notices
from casework.models.checkpoint import Attested
from casework.models.notice import (
    OF_NO_CASE,
    OF_OUTREACH,
    Contact,
    ContactMedium,
    Language,
    Notice,
    NoticeKind,
    Recipient,
)
from casework.notices.channels import (
    EmailNotifier,
)
from casework.notices.port import Rendered

JAKARTA = ZoneInfo("Asia/Jakarta")
CLOCKS = Path(notices.__file__).parent / "templates" / "clocks.toml"
BASE = "https://tuntas.example/"
KEY = b"k" * 32
AT = datetime(2026, 5, 21, 3, 0, tzinfo=UTC)
NUMBER = "OKUS-2026-00042-1"
TEXT = Rendered(subject=f"Tuntas {NUMBER}", body="Nomor\n")


def a_notice(kind: NoticeKind = NoticeKind.REFERRAL_SENT, **changes: Any) -> Notice:
    fields: dict[str, Any] = {
        "id": "0197-notice",
        "case_id": "0197-case",
        "case_number": NUMBER,
        "kind": kind,
        "recipient": Recipient(agency_id="polres"),
        "due_at": AT,
        "created_at": AT,
    }
    if kind in OF_NO_CASE:
        fields |= {"case_id": None, "case_number": None}
    if kind in OF_OUTREACH:
        fields |= {"about_id": "talk"}
    if kind is NoticeKind.DIGEST:
        fields |= {"waiting": 3}
    if kind is NoticeKind.CHECKPOINT:
        fields |= {"checkpoint": Attested(number=7, at=AT, rows=42, root="ab" * 32, signature="c2ln" * 22)}
    return Notice(**fields | changes)


def a_contact(medium: ContactMedium, address: str, *, safe: bool = True, language: Language = "id") -> Contact:
    return Contact(medium=medium, address=address, safe=safe, language=language, confirmed_at=AT)


MAIL = a_contact("email", "petugas@polres.example")


@dataclass
class KnownSuspects:
    """The suspects of every case, by their numbers."""

    numbers: frozenset[str] = frozenset()

    def shared(self, case_id: str, numbers: Collection[str]) -> frozenset[str]:
        return self.numbers & frozenset(numbers)


class NoLinks:
    """Nobody is sent a link."""

    def addressed(self, link_id: str) -> tuple[Contact, ...]:
        return ()

    def token(self, link_id: str) -> str:
        return link_id


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Mailbox:
    """An aiosmtpd handler: takes mail, or answers as told."""

    def __init__(self, to_recipient: str = "250 OK", to_data: str = "250 taken") -> None:
        self.to_recipient, self.to_data = to_recipient, to_data
        self.mails: list[tuple[list[str], Message]] = []

    async def handle_RCPT(self, _s: SMTP, _se: Any, envelope: Any, address: str, _o: list[str]) -> str:  # noqa: N802
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _s: SMTP, _se: Any, envelope: Any) -> str:  # noqa: N802
        if self.to_data.startswith("2"):
            self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.to_data


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[str]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def mailer(server: str, **options: Any) -> EmailNotifier:
    return EmailNotifier(f"smtp://{server}", "tuntas@dinas.example", **options)


@contextmanager
def dripping_server(drop: bytes) -> Iterator[str]:
    """A peer that takes the connection and then sends one byte every 50 ms, for ever."""
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                while not stop.wait(0.05):
                    connection.sendall(drop)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            drip(listener.accept()[0])

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        thread.join(5)


class Receiver(ThreadingHTTPServer):
    """A webhook receiver that answers one status and keeps what it got."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status = status
        self.got: list[tuple[dict[str, str], bytes, str]] = []


class Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body, self.path))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def receiver(status: int = 204) -> Iterator[tuple[Receiver, Contact]]:
    with Receiver(status) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server, a_contact("webhook", f"http://127.0.0.1:{server.server_port}/hook?token=t0ken")
        finally:
            server.shutdown()
            thread.join(5)
