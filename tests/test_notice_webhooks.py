"""Notices by webhook: signed, and to addresses that are safe to dial."""

import base64
import hashlib
import hmac
import json
import logging
import time

import pytest

from casework.models.notice import (
    Delivered,
    DeliveryError,
    NoticeKind,
)
from casework.notices.channels import (
    WebhookNotifier,
)
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
