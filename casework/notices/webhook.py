"""Webhooks, signed as Standard Webhooks (HMAC-SHA-256, v1). They carry an id, a kind and a case number.

A digest is of no case: its number is null.
"""

import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
import rfc8785

from casework.models.notice import Contact, Delivered, DeliveryError, Notice
from casework.notices.dial import PublicOnly
from casework.notices.port import Rendered, SafeNotifier, cut_after, is_loopback

SECONDS = 10.0
UNREACHABLE = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


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

    Connects to public addresses, and to hosts `allowed` by name. Takes no proxy and no password from the environment.
    A repeat carries the same `webhook-id`; its time is that of sending, by which receivers refuse what is replayed to
    them.
    """

    def __init__(
        self,
        key: bytes,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.time,
        allowed: Collection[str] = (),
    ) -> None:
        self._key, self._seconds, self._clock = key, seconds, clock
        self._dial = PublicOnly(allowed)

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered:
        url = _checked(contact.address)
        body = rfc8785.dumps({"id": notice.id, "kind": notice.kind.value, "case_number": notice.case_number})
        timestamp = int(self._clock())
        headers: dict[bytes | str, bytes | str] = {
            "content-type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret_for(self._key, contact.address), notice.id, timestamp, body),
        }
        _judge(self._post(url, body, headers))
        return Delivered(medium="webhook")

    def _post(self, url: httpx.URL, body: bytes, headers: Mapping[bytes | str, bytes | str]) -> int:
        connections: list[socket.socket] = []

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                connections.append(info["return_value"].get_extra_info("socket"))

        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        extensions = {"timeout": limits, "trace": trace}
        to = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        try:
            with (
                cut_after(self._seconds, lambda: connections[-1] if connections else None),
                httpcore.ConnectionPool(network_backend=self._dial) as pool,
                pool.stream("POST", to, headers=headers, content=body, extensions=extensions) as answer,
            ):
                return answer.status
        except UNREACHABLE:
            raise DeliveryError("http_unreachable", retryable=True) from None


def _checked(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
        known = bool(url.host) and (url.port is None or 0 < url.port < 65536) and not url.userinfo
    except (httpx.InvalidURL, ValueError):
        known = False
    if not known:
        raise DeliveryError("address_invalid", retryable=False)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise DeliveryError("address_not_https", retryable=False)
    return url


def _judge(status: int) -> None:
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    passing = status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise DeliveryError(f"http_{status}", retryable=passing)
