"""Webhooks, signed as Standard Webhooks (HMAC-SHA-256, v1). They carry an id, a kind and a case number.

A digest is of no case: its number is null.
"""

import base64
import hashlib
import hmac
import logging
import socket
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import rfc8785

from casework.models.notice import Contact, Delivered, DeliveryError, Notice
from casework.notices.port import Rendered, SafeNotifier, cut_after, is_loopback

SECONDS = 10.0
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
# httpx logs whole addresses at INFO, and an address may hold a token.
logging.getLogger("httpx").setLevel(logging.WARNING)


def secret_for(key: bytes, address: str) -> bytes:
    """The secret shared with one receiver; each has its own, so that none can pose as us to another."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}"
    return hmac.digest(key, f"webhook {origin}".encode(), hashlib.sha256)


def sign(secret: bytes, notice_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header."""
    signed = b".".join((notice_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


class WebhookNotifier(SafeNotifier):
    """Posts to `https`, and to `http` on this machine only; follows no redirect, reads no answer's body.

    Takes no proxy and no password from the environment. A repeat carries the same `webhook-id`; its
    time is that of sending, by which receivers refuse what is replayed to them.
    """

    def __init__(self, key: bytes, seconds: float = SECONDS, clock: Callable[[], float] = time.time) -> None:
        self._key, self._seconds, self._clock = key, seconds, clock

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered:
        address = _checked(contact.address)
        body = rfc8785.dumps({"id": notice.id, "kind": notice.kind.value, "case_number": notice.case_number})
        timestamp = int(self._clock())
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret_for(self._key, address), notice.id, timestamp, body),
        }
        _judge(self._post(address, body, headers))
        return Delivered(medium="webhook")

    def _post(self, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        connections: list[socket.socket] = []

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                connections.append(info["return_value"].get_extra_info("socket"))

        traced = {"trace": trace}
        try:
            with (
                cut_after(self._seconds, lambda: connections[-1] if connections else None),
                httpx.Client(timeout=self._seconds, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", address, content=body, headers=headers, extensions=traced) as answer,
            ):
                return answer.status_code
        except httpx.HTTPError:
            raise DeliveryError("http_unreachable", retryable=True) from None
        except httpx.InvalidURL:
            raise DeliveryError("address_invalid", retryable=False) from None


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        known = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise DeliveryError("address_invalid", retryable=False)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise DeliveryError("address_not_https", retryable=False)
    return address


def _judge(status: int) -> None:
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    passing = status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise DeliveryError(f"http_{status}", retryable=passing)
