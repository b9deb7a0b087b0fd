"""Notices by mail, on real connections: what arrives, what is refused, what is tried again."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from casework.models.notice import (
    Delivered,
    DeliveryError,
)
from casework.notices.channels import (
    EmailNotifier,
)
from casework.notices.render import render
from tests.some_notices import (
    BASE,
    JAKARTA,
    MAIL,
    TEXT,
    Mailbox,
    a_contact,
    a_notice,
    dripping_server,
    free_port,
    mail_server,
    mailer,
)


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
