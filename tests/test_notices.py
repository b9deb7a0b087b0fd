"""Notices: what they may say, to whom they go, and what becomes of them on real connections."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import ssl
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jinja2 import Environment, UndefinedError, meta
from pydantic import ValidationError
from structlog.testing import capture_logs

from casework import notices
from casework.models.notice import (
    Contact,
    ContactMedium,
    Delivered,
    DeliveryError,
    Language,
    Notice,
    NoticeKind,
    Outcome,
    Recipient,
    Skipped,
)
from casework.models.pathway import Category
from casework.models.people import Role
from casework.notices.channels import (
    AppriseNotifier,
    ByMedium,
    ConsoleNotifier,
    EmailNotifier,
    MemoryNotifier,
    Notifier,
    WebhookNotifier,
    notifier_for,
)
from casework.notices.delivery import NoticeDelivery, deliver, mark_of
from casework.notices.port import Rendered
from casework.notices.render import Context, clock_text, due_text, environment, render, sources, texts
from casework.notices.webhook import secret_for
from casework.pathways import load
from casework.settings import Settings

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
    if kind is NoticeKind.DIGEST:
        fields |= {"case_id": None, "case_number": None, "waiting": 3}
    return Notice(**fields | changes)


def a_contact(medium: ContactMedium, address: str, *, safe: bool = True, language: Language = "id") -> Contact:
    return Contact(medium=medium, address=address, safe=safe, language=language)


MAIL = a_contact("email", "petugas@polres.example")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


# ---- models


def test_a_recipient_is_one_account_or_one_agency_or_a_role_of_it() -> None:
    Recipient(account_id="a1")
    Recipient(agency_id="polres")
    Recipient(agency_id="dinas", role=Role.SUPERVISOR)

    for wrong in (
        {},
        {"account_id": "a", "agency_id": "b"},
        {"role": "head"},
        {"account_id": "a", "role": "head"},
    ):
        with pytest.raises(ValidationError):
            Recipient.model_validate(wrong)


def test_contacts_are_unsafe_until_marked_and_hide_their_address() -> None:
    contact = Contact(medium="email", address="petugas@polres.example")

    assert not contact.safe
    assert "petugas" not in repr(contact)


@pytest.mark.parametrize("address", ["", "a@b.example\nBcc: c@d.example", "a b@c.example", "a\x00@b", "a@b.example\n"])
def test_an_address_is_one_word(address: str) -> None:
    with pytest.raises(ValidationError):
        Contact(medium="email", address=address)


def test_notices_and_outcomes_survive_json() -> None:
    notice = a_notice(about_id="r1", about_kind="referral_answer")
    outcome = Outcome(by=("email",), missed=("not_safe",))

    for each in (notice, a_notice(NoticeKind.DIGEST)):
        assert Notice.model_validate_json(each.model_dump_json()) == each
    assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_a_digest_alone_is_of_no_case_and_says_how_much_waits() -> None:
    for kind, wrong in (
        (NoticeKind.REMINDER, {"case_id": None}),
        (NoticeKind.REMINDER, {"case_number": None}),
        (NoticeKind.REMINDER, {"waiting": 3}),
        (NoticeKind.DIGEST, {"case_id": "0197-case"}),
        (NoticeKind.DIGEST, {"case_number": NUMBER}),
        (NoticeKind.DIGEST, {"waiting": None}),
        (NoticeKind.DIGEST, {"waiting": -1}),
    ):
        with pytest.raises(ValidationError):
            a_notice(kind, **wrong)


# ---- texts

LANGUAGES: tuple[Language, ...] = get_args(Language)


def test_every_kind_has_texts_and_no_text_is_without_a_kind() -> None:
    assert set(texts()["kind"]) == {kind.value for kind in NoticeKind}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_renders_in_every_language(kind: NoticeKind, language: Language) -> None:
    rendered = render(a_notice(kind), language, JAKARTA, BASE)
    page = "/stalled" if kind is NoticeKind.DIGEST else f"/cases/{NUMBER}"

    assert (NUMBER in rendered.subject) == (kind is not NoticeKind.DIGEST)
    assert len(rendered.subject) < 60
    assert "\n" not in rendered.subject
    assert f"https://tuntas.example{page}\n" in rendered.body
    assert "None" not in rendered.body
    assert ("Batas waktu: Kamis, 21 Mei 2026 pukul 10.00 WIB" in rendered.body) == (language == "id")
    assert ("Due: Thursday, 21 May 2026, 10:00 WIB" in rendered.body) == (language == "en")
    assert rendered == render(a_notice(kind), language, JAKARTA, BASE)


def test_without_a_due_time_none_is_shown() -> None:
    body = render(a_notice(due_at=None), "id", JAKARTA, BASE).body

    assert "Batas" not in body
    assert "None" not in body


def test_due_times_are_in_the_zone_of_the_office() -> None:
    late = datetime(2025, 12, 31, 17, 5, tzinfo=UTC)

    assert due_text(late, "id", JAKARTA) == "Kamis, 1 Januari 2026 pukul 00.05 WIB"
    assert due_text(late, "en", ZoneInfo("Asia/Jayapura")) == "Thursday, 1 January 2026, 02:05 WIT"


def test_templates_can_only_name_what_the_context_holds() -> None:
    """Canary: whoever adds a personal field must add it here too."""
    assert set(Context.model_fields) == {"case_number", "link", "due", "about", "waiting", "kind"}
    for name, source in sources().items():
        named = meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
        assert named <= set(Context.model_fields), name


def test_what_the_context_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ client_name }}").render(case_number=NUMBER)


TELLING = """
kekerasan violence seksual sexual perkosaan rape korban victim survivor pelaku perpetrator anak
child perempuan woman perdagangan traffick kawin nikah marriage polisi police hukum pidana criminal
visum rumah home kasus case abuse exploit eksploitasi asusila dagang
"""


def test_no_text_tells_what_a_case_is_about() -> None:
    for name, source in sources().items():
        prose = source.replace("case_number", "").lower()
        assert [word for word in TELLING.split() if word in prose] == [], name


CATEGORIES = {word for category in Category for word in category.split("_")} - {"in"}
POLICIES = sorted({(policy.kind, policy.class_) for pathway in load().values() for policy in pathway.deadlines})


@pytest.mark.parametrize(("kind", "class_"), POLICIES)
def test_every_kind_of_deadline_has_its_words_and_they_tell_nothing(kind: str, class_: str) -> None:
    for language in LANGUAGES:
        words = clock_text(kind, language)

        assert words != clock_text("a_kind_of_the_districts_own", language)
        assert [word for word in {*TELLING.split(), *CATEGORIES} if word in words] == []
        assert (words == clock_text("tpks_report_police", language)) == (class_ in ("statutory", "may"))
        assert (words == clock_text("clin_72h", language)) == (class_ == "clinical")


def test_a_kind_of_deadline_is_named_once_and_only_if_there_is_one() -> None:
    named = [kind for words in tomllib.loads(CLOCKS.read_text())["clocks"] for kind in words["kinds"]]

    assert len(named) == len(set(named))
    assert set(named) == {kind for kind, _ in POLICIES}


def test_a_reminder_names_what_it_is_about_and_accuses_nobody() -> None:
    late = a_notice(NoticeKind.REMINDER, about_kind="tppo_rehab", due_at=AT - timedelta(days=3))
    indonesian, english = (render(late, language, JAKARTA, BASE) for language in LANGUAGES)

    assert "Kami mengingatkan" in indonesian.body
    assert "Perihal: batas waktu menurut undang-undang\n" in indonesian.body
    assert "Batas waktu: Senin, 18 Mei 2026" in indonesian.body
    assert "If it has been done, please record it." in english.body
    assert "About: a time limit set by law\n" in english.body
    accusing = "lalai gagal terlambat melewati melanggar late overdue past fail breach missed violat"
    assert [word for word in accusing.split() if word in (indonesian.body + english.body).lower()] == []


def test_a_kind_of_the_districts_own_still_has_words() -> None:
    body = render(a_notice(NoticeKind.ESCALATION, about_kind="market_day"), "en", JAKARTA, BASE).body

    assert "About: another time limit\n" in body
    assert "market" not in body


def test_a_digest_says_how_many_wait_and_names_no_case() -> None:
    digest = a_notice(NoticeKind.DIGEST, due_at=None)
    one = render(digest.model_copy(update={"waiting": 1}), "en", JAKARTA, BASE)

    assert one.body.startswith("1 item waits on your office's board.")
    assert render(digest, "en", JAKARTA, BASE).body.startswith("3 items wait on")
    assert render(digest, "id", JAKARTA, BASE).body.startswith("3 hal menunggu di papan")
    assert "Number" not in one.body


def test_nothing_but_number_and_time_differs_between_cases() -> None:
    one = render(a_notice(), "id", JAKARTA, BASE)
    other = render(a_notice(case_id="x", case_number="X-1", id="y", about_id="z"), "id", JAKARTA, BASE)

    assert other.body == one.body.replace(NUMBER, "X-1")
    assert other.subject == one.subject.replace(NUMBER, "X-1")


# ---- mail


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


def test_mail_arrives_with_its_text() -> None:
    mailbox = Mailbox()
    rendered = render(a_notice(), "id", JAKARTA, BASE)
    with mail_server(mailbox) as server:
        assert mailer(server).send(a_notice(), MAIL, rendered) == Delivered(medium="email")

    ((recipients, mail),) = mailbox.mails
    assert recipients == ["petugas@polres.example"]
    assert mail["To"] == "petugas@polres.example"
    assert mail["From"] == "tuntas@dinas.example"
    assert mail["Subject"] == rendered.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Thu, 21 May 2026 03:00:00 +0000"
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n").strip() == rendered.body


def test_a_repeat_has_the_same_message_id_and_another_notice_has_another() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server:
        for notice in (a_notice(), a_notice(), a_notice(id="0197-other")):
            mailer(server).send(notice, MAIL, TEXT)

    first, second, third = (mail for _, mail in mailbox.mails)
    assert first["Message-ID"] == "<0197-notice@dinas.example>"
    assert first.as_bytes() == second.as_bytes()
    assert third["Message-ID"] == "<0197-other@dinas.example>"


@pytest.mark.parametrize(
    ("mailbox", "reason", "retryable"),
    [
        (Mailbox(to_recipient="451 4.7.1 <petugas@polres.example> greylisted"), "smtp_451", True),
        (Mailbox(to_recipient="550 5.1.1 <petugas@polres.example> unknown"), "smtp_550", False),
        (Mailbox(to_data="452 4.3.1 full"), "smtp_452", True),
        (Mailbox(to_data="554 5.7.1 refused"), "smtp_554", False),
        (Mailbox(to_recipient="421 4.3.2 closing"), "smtp_421", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_is_final_or_passes(mailbox: Mailbox, reason: str, *, retryable: bool) -> None:
    with mail_server(mailbox) as server, pytest.raises(DeliveryError) as caught:
        mailer(server).send(a_notice(), MAIL, TEXT)

    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)
    assert "petugas" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(DeliveryError) as caught:
        mailer(f"127.0.0.1:{free_port()}").send(a_notice(), MAIL, TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("smtp_unreachable", True)


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


def test_mail_gives_up_a_server_that_drips() -> None:
    began = time.monotonic()
    with dripping_server(b"2") as server, pytest.raises(DeliveryError) as caught:
        mailer(server, whole_seconds=0.3).send(a_notice(), MAIL, TEXT)

    assert caught.value.retryable
    assert time.monotonic() - began < 5


def test_a_failing_farewell_does_not_make_a_sent_mail_fail() -> None:
    class Rude(Mailbox):
        async def handle_QUIT(self, _s: SMTP, _se: Any, _e: Any) -> str:  # noqa: N802
            return "500 what?"

    mailbox = Rude()
    with mail_server(mailbox) as server:
        assert isinstance(mailer(server).send(a_notice(), MAIL, TEXT), Delivered)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("address", ["no-at-sign", "a@b.example,c@d.example", "@", "<a@b.example>"])
def test_what_is_no_single_mail_address_is_never_dialled(address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        mailer("127.0.0.1:9").send(a_notice(), a_contact("email", address), TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("address_invalid", False)


def one_password(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given.password == b"s:cret", handled=False)


def test_mail_signs_in_and_a_wrong_password_is_ours_to_mend() -> None:
    with mail_server(Mailbox(), authenticator=one_password, auth_require_tls=False) as server:
        taken = mailer(f"user:s%3Acret@{server}").send(a_notice(), MAIL, TEXT)
        with pytest.raises(DeliveryError) as caught:
            mailer(f"user:wrong@{server}").send(a_notice(), MAIL, TEXT)

    assert taken == Delivered(medium="email")
    assert (caught.value.reason, caught.value.retryable) == ("smtp_login_refused", True)


def test_no_password_leaves_this_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.notices.mail.is_loopback", lambda _host: False)
    mailbox = Mailbox()
    with (
        mail_server(mailbox, authenticator=one_password, auth_require_tls=False) as server,
        pytest.raises(DeliveryError) as caught,
    ):
        mailer(f"user:s%3Acret@{server}").send(a_notice(), MAIL, TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("smtp_not_encrypted", False)
    assert mailbox.mails == []


def certificate(folder: Path) -> Path:
    """A certificate of its own for 127.0.0.1, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    clear = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
    file = folder / "server.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_to_another_machine_goes_by_tls_it_can_trust(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    starttls = {"tls_context": context, "require_starttls": True}
    offered = starttls if scheme == "smtp" else {"ssl_context": context, "auth_require_tls": False}
    monkeypatch.setattr("casework.notices.mail.is_loopback", lambda _host: False)
    mailbox = Mailbox()
    with mail_server(mailbox, authenticator=one_password, **offered) as server:
        notifier = EmailNotifier(f"{scheme}://user:s%3Acret@{server}", "tuntas@dinas.example")
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
            notifier.send(a_notice(), MAIL, TEXT)
        else:
            with pytest.raises(DeliveryError, match="smtp_unreachable"):
                notifier.send(a_notice(), MAIL, TEXT)

    assert len(mailbox.mails) == trusted


@pytest.mark.parametrize("url", ["http://host:25", "smtp://", "mail.example"])
def test_a_mail_url_that_means_nothing_is_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://host:port"):
        EmailNotifier(url, "tuntas@dinas.example")


# ---- webhook


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


def test_a_webhook_carries_id_kind_and_number_and_a_signature_that_holds() -> None:
    with receiver() as (server, contact):
        sent = WebhookNotifier(KEY, clock=lambda: 1_800_000_000.5).send(a_notice(), contact, TEXT)

    assert sent == Delivered(medium="webhook")
    ((headers, body, path),) = server.got
    assert path == "/hook?token=t0ken"
    assert json.loads(body) == {"id": "0197-notice", "kind": "referral_sent", "case_number": NUMBER}
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "0197-notice"
    assert headers["webhook-timestamp"] == "1800000000"
    secret = secret_for(KEY, contact.address)
    expected = hmac.new(secret, b"0197-notice.1800000000." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_each_receiver_has_a_secret_of_its_own() -> None:
    assert secret_for(KEY, "https://a.example/x") == secret_for(KEY, "https://a.example/y")
    assert secret_for(KEY, "https://a.example/x") != secret_for(KEY, "https://b.example/x")
    assert secret_for(KEY, "https://a.example/x") != secret_for(b"other", "https://a.example/x")


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (301, False),
        (307, False),
        (400, False),
        (404, False),
        (410, False),
        (408, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_an_answer_is_final_or_passes_and_no_redirect_is_followed(status: int, *, retryable: bool) -> None:
    with receiver(status) as (server, contact), pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY).send(a_notice(), contact, TEXT)

    assert (caught.value.reason, caught.value.retryable) == (f"http_{status}", retryable)
    assert len(server.got) == 1


def test_a_receiver_that_is_away_is_tried_again() -> None:
    contact = a_contact("webhook", f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY).send(a_notice(), contact, TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("http_unreachable", True)


def test_a_webhook_of_a_digest_has_no_number() -> None:
    with receiver() as (server, contact):
        WebhookNotifier(KEY).send(a_notice(NoticeKind.DIGEST), contact, TEXT)

    ((_, body, _),) = server.got
    assert json.loads(body) == {"id": "0197-notice", "kind": "digest", "case_number": None}


def test_a_webhook_gives_up_a_receiver_that_drips() -> None:
    began = time.monotonic()
    with dripping_server(b"H") as server, pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY, seconds=0.3).send(a_notice(), a_contact("webhook", f"http://{server}/"), TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("http_unreachable", True)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://agency.example/hook", "address_not_https"),
        ("ftp://127.0.0.1/hook", "address_not_https"),
        ("https://", "address_invalid"),
        ("https://host:99999/", "address_invalid"),
        ("https://[::1/", "address_invalid"),
        ("nonsense", "address_invalid"),
    ],
)
def test_an_address_in_the_clear_or_without_sense_is_never_dialled(address: str, reason: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY).send(a_notice(), a_contact("webhook", address), TEXT)

    assert (caught.value.reason, caught.value.retryable) == (reason, False)


def test_no_token_of_an_address_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), receiver() as (_, contact):
        WebhookNotifier(KEY).send(a_notice(), contact, TEXT)

    assert "t0ken" not in caplog.text


# ---- messengers


def as_apprise(contact: Contact) -> str:
    return contact.address.replace("http://", "json://").split("?")[0]


def test_a_messenger_gets_subject_and_body() -> None:
    with receiver(200) as (server, hook):
        sent = AppriseNotifier().send(a_notice(), a_contact("apprise", as_apprise(hook)), TEXT)

    assert sent == Delivered(medium="apprise")
    ((_, body, _),) = server.got
    message = json.loads(body)
    assert message["title"] == TEXT.subject
    assert message["message"].strip() == TEXT.body.strip()


def test_a_number_goes_into_the_gateways_place() -> None:
    with receiver(200) as (server, hook):
        gateway = AppriseNotifier((as_apprise(hook) + "/{to}",))
        gateway.send(a_notice(), a_contact("apprise", "+62812/../345"), TEXT)

    ((_, _, path),) = server.got
    assert path.startswith("/hook/")
    assert "/.." not in path


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_messenger_that_does_not_confirm_is_for_a_person_and_never_repeated(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO),
        receiver(status) as (server, hook),
        pytest.raises(DeliveryError) as caught,
    ):
        AppriseNotifier().send(a_notice(), a_contact("apprise", as_apprise(hook)), TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("message_unconfirmed", False)
    assert len(server.got) == 1
    assert caplog.text == ""


@pytest.mark.parametrize(("address", "reason"), [("unknown://x", "address_invalid"), ("+62812", "no_gateway")])
def test_a_messenger_says_what_it_cannot_reach(address: str, reason: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        AppriseNotifier().send(a_notice(), a_contact("apprise", address), TEXT)

    assert (caught.value.reason, caught.value.retryable) == (reason, False)


# ---- choosing


def settings(**changes: str) -> Settings:
    given: dict[str, Any] = {
        "database_url": "postgresql://x",
        "keystore_url": "postgresql://y",
        "master_key_file": Path("/nowhere"),
    }
    return Settings(**given | changes)


def test_with_nothing_set_up_all_goes_to_the_console_and_the_log_says_so() -> None:
    with capture_logs() as lines:
        notifier = notifier_for(settings())
        sent = notifier.send(a_notice(), MAIL, TEXT)

    assert sent == Delivered(medium="console")
    assert [line["event"] for line in lines] == ["notices_go_to_console", "notice"]
    assert lines[1]["notice_id"] == "0197-notice"
    assert "petugas" not in str(lines)


def test_each_medium_goes_its_own_way_once_channels_are_set_up() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server, receiver(200) as (hooks, hook):
        notifier = notifier_for(
            settings(smtp_url=f"smtp://{server}", notify_urls=as_apprise(hook) + "/{to}"), webhook_key=KEY
        )
        media = [notifier.send(a_notice(), contact, TEXT) for contact in (MAIL, hook, a_contact("apprise", "62812"))]
        with capture_logs() as lines:
            notifier.send(a_notice(), a_contact("console", "meja"), TEXT)

    assert media == [Delivered(medium="email"), Delivered(medium="webhook"), Delivered(medium="apprise")]
    assert len(mailbox.mails) == 1
    assert [path for _, _, path in hooks.got] == ["/hook?token=t0ken", "/hook/62812"]
    assert len(lines) == 1


def test_a_url_without_a_place_is_the_offices_own_channel() -> None:
    with receiver(200) as (server, hook):
        notifier_for(settings(notify_urls=as_apprise(hook))).send(a_notice(), a_contact("console", "meja"), TEXT)

    assert len(server.got) == 1


def test_a_medium_without_a_channel_is_skipped_and_named() -> None:
    notifier = notifier_for(settings(smtp_url="smtp://127.0.0.1:9"))

    sent = notifier.send(a_notice(), a_contact("webhook", "https://agency.example/"), TEXT)

    assert sent == Skipped(reason="medium_not_configured")


# ---- delivery


@pytest.mark.parametrize(
    ("notifier", "contact"),
    [
        (mailer("127.0.0.1:9"), MAIL),
        (WebhookNotifier(KEY), a_contact("webhook", "https://agency.example/")),
        (AppriseNotifier(), a_contact("apprise", "json://127.0.0.1:9/")),
        (ConsoleNotifier(), a_contact("console", "meja")),
        (MemoryNotifier(), a_contact("console", "meja")),
        (notifier_for(settings(smtp_url="smtp://127.0.0.1:9")), MAIL),
        (ByMedium({"email": mailer("127.0.0.1:9")}), MAIL),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_channel_sends_to_an_unsafe_contact(notifier: Notifier, contact: Contact) -> None:
    unsafe = contact.model_copy(update={"safe": False})

    assert notifier.send(a_notice(), unsafe, TEXT) == Skipped(reason="not_safe")


def told(notifier: Notifier, *contacts: Contact, **options: Any) -> Outcome:
    return deliver(a_notice(), contacts, notifier, JAKARTA, BASE, **options)


def test_every_safe_contact_is_told_in_its_language_and_the_others_are_named() -> None:
    memory = MemoryNotifier()
    english = a_contact("webhook", "https://agency.example/", language="en")
    unsafe = a_contact("email", "lama@polres.example", safe=False)

    outcome = told(memory, MAIL, english, unsafe)

    assert outcome == Outcome(by=("email", "webhook"), missed=("not_safe",))
    assert outcome.delivered
    assert outcome.reason is None
    assert [sent.contact for sent in memory.sent] == [MAIL, english]
    assert "menunggu jawaban" in memory.sent[0].rendered.body
    assert "waits for" in memory.sent[1].rendered.body


def test_nobody_to_tell_is_said() -> None:
    nobody = told(MemoryNotifier())
    unsafe = told(MemoryNotifier(), MAIL.model_copy(update={"safe": False}))

    assert (nobody.delivered, nobody.reason) == (False, "no_contact")
    assert (unsafe.delivered, unsafe.reason) == (False, "not_safe")


def test_a_final_failure_is_an_outcome_and_one_that_passes_is_raised() -> None:
    final = told(MemoryNotifier(failing=DeliveryError("smtp_550", retryable=False)), MAIL)
    with pytest.raises(DeliveryError, match="smtp_451"):
        told(MemoryNotifier(failing=DeliveryError("smtp_451", retryable=True)), MAIL)

    assert (final.delivered, final.reason) == (False, "smtp_550")


class Greylisting:
    """Refuses one address for now; the rest goes to memory."""

    def __init__(self, address: str) -> None:
        self.refused: str | None = address
        self.memory = MemoryNotifier()

    def send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        if contact.address == self.refused:
            raise DeliveryError("smtp_451", retryable=True)
        return self.memory.send(notice, contact, rendered)


def test_a_repeat_tells_only_those_not_told_yet() -> None:
    other = a_contact("email", "kanit@polres.example")
    notifier = Greylisting(MAIL.address)
    marks: list[str] = []

    with pytest.raises(DeliveryError):
        told(notifier, MAIL, other, mark=marks.append)
    notifier.refused = None
    outcome = told(notifier, MAIL, other, done=marks, mark=marks.append)

    assert outcome == Outcome(by=("email", "email"))
    assert [sent.contact for sent in notifier.memory.sent] == [other, MAIL]
    assert marks == [mark_of(a_notice(), other), mark_of(a_notice(), MAIL)]
    assert "polres" not in "".join(marks)


def test_contacts_are_asked_for_when_sending() -> None:
    class Book:
        def __init__(self) -> None:
            self.asked: list[Recipient] = []

        def contacts_for(self, recipient: Recipient) -> tuple[Contact, ...]:
            self.asked.append(recipient)
            return (MAIL,)

    book, memory = Book(), MemoryNotifier()
    outcome = NoticeDelivery(book, memory, JAKARTA, BASE).deliver_notice(a_notice())

    assert outcome.delivered
    assert book.asked == [Recipient(agency_id="polres")]
    assert memory.sent[0].notice == a_notice()


def test_delivery_does_not_read_the_clock() -> None:
    """A year replayed in seconds renders what it would have rendered then."""
    past = a_notice(due_at=AT - timedelta(days=800), created_at=AT - timedelta(days=801))

    def made() -> bytes:
        return mailer("127.0.0.1:9").message(past, MAIL, render(past, "id", JAKARTA, BASE)).as_bytes()

    assert made() == made()
    assert b"2024" in made()
