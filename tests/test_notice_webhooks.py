"""Notices by webhook: signed, and to addresses that are safe to dial."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import time
from ipaddress import ip_address
from typing import Any

import pytest

from casework.models.notice import (
    Delivered,
    DeliveryError,
    NoticeKind,
)
from casework.notices.channels import (
    WebhookNotifier,
)
from casework.notices.dial import is_public
from casework.notices.webhook import secret_for
from tests.some_notices import (
    KEY,
    NUMBER,
    TEXT,
    a_contact,
    a_notice,
    dripping_server,
    free_port,
    receiver,
)


def webhooks(**options: Any) -> WebhookNotifier:
    """The channel, allowed to reach the receivers of this machine."""
    return WebhookNotifier(KEY, **{"allowed": ("127.0.0.1", "localhost"), **options})


def test_a_webhook_carries_id_kind_and_number_and_a_signature_that_holds() -> None:
    with receiver() as (server, contact):
        sent = webhooks(clock=lambda: 1_800_000_000.5).send(a_notice(), contact, TEXT)

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
        webhooks().send(a_notice(), contact, TEXT)

    assert (caught.value.reason, caught.value.retryable) == (f"http_{status}", retryable)
    assert len(server.got) == 1


def test_a_receiver_that_is_away_is_tried_again() -> None:
    contact = a_contact("webhook", f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(DeliveryError) as caught:
        webhooks().send(a_notice(), contact, TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("http_unreachable", True)


def test_a_webhook_of_a_digest_has_no_number() -> None:
    with receiver() as (server, contact):
        webhooks().send(a_notice(NoticeKind.DIGEST), contact, TEXT)

    ((_, body, _),) = server.got
    assert json.loads(body) == {"id": "0197-notice", "kind": "digest", "case_number": None}


def test_a_webhook_gives_up_a_receiver_that_drips() -> None:
    began = time.monotonic()
    with dripping_server(b"H") as server, pytest.raises(DeliveryError) as caught:
        webhooks(seconds=0.3).send(a_notice(), a_contact("webhook", f"http://{server}/"), TEXT)

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
        ("https://host:0/", "address_invalid"),
        ("https://name:word@agency.example/", "address_invalid"),
        ("nonsense", "address_invalid"),
    ],
)
def test_an_address_in_the_clear_or_without_sense_is_never_dialled(address: str, reason: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        webhooks().send(a_notice(), a_contact("webhook", address), TEXT)

    assert (caught.value.reason, caught.value.retryable) == (reason, False)


def test_no_token_of_an_address_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), receiver() as (_, contact):
        webhooks().send(a_notice(), contact, TEXT)

    assert "t0ken" not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",  # noqa: S104  a value
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
        ),
        *("192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fd00:ec2::254", "fec0::1", "ff0e::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001:0:4136:e378::1"),
    ],
)
def test_an_address_that_may_lead_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "0x7f.1", "2130706433", "127.1"]
)
def test_a_host_inside_is_refused_before_a_connection(host: str) -> None:
    """However its address is written."""
    with pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY).send(a_notice(), a_contact("webhook", f"https://{host}/"), TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("address_not_public", False)


def test_a_host_allowed_by_name_allows_no_other() -> None:
    with receiver() as (server, contact), pytest.raises(DeliveryError) as caught:
        WebhookNotifier(KEY, allowed=("localhost",)).send(a_notice(), contact, TEXT)

    assert (caught.value.reason, server.got) == ("address_not_public", [])


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> list[str]:
    """A name server whose answers to `localhost` change each time; what it was asked."""
    real, left, asked = socket.getaddrinfo, list(answers), []

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "localhost":
            return real(host, port, *args, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time is not asked a second time."""
    asked = resolver(monkeypatch, ("127.0.0.1",))
    with receiver() as (server, contact):
        named = a_contact("webhook", contact.address.replace("127.0.0.1", "localhost"))
        webhooks().send(a_notice(), named, TEXT)

    assert asked == ["localhost"]
    ((headers, _, _),) = server.got
    assert headers["host"].startswith("localhost:")


def test_a_name_with_one_address_inside_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, ("8.8.8.8", "127.0.0.1"))
    with receiver() as (server, contact):
        named = a_contact("webhook", contact.address.replace("127.0.0.1", "localhost"))
        with pytest.raises(DeliveryError) as caught:
            WebhookNotifier(KEY).send(a_notice(), named, TEXT)

    assert (caught.value.reason, server.got) == ("address_not_public", [])
