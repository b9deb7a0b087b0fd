"""What is logged: JSON lines, and nothing secret in them, whoever wrote the line."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from casework.logging import HIDDEN, configure


@contextmanager
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The process's own logging at DEBUG, on a stream; afterwards as it was."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("DEBUG")
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """What was written, line by line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "client_secret", "token", "access_token", "Authorization", "set-cookie"),
        *("otp", "csrf", "X-CSRF", "api_key", "Idempotency-Key", "master_key", "recovery_codes", "credentials"),
    ],
)
def test_what_is_named_like_a_secret_is_hidden(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Of our own lines, of a library's, and inside what was handed over with them."""
    with configured(monkeypatch) as stream:
        structlog.get_logger().info("signed_in", **{name: "c4nary", "inner": [{name: "c4nary"}]})
        logging.getLogger("library").warning("a line", extra={name: "c4nary"})

    own, foreign = lines(stream)
    assert (own[name], own["inner"], foreign[name]) == (HIDDEN, [{name: HIDDEN}], HIDDEN)
    assert "c4nary" not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to postgresql://tuntas:c4nary@127.0.0.1/tuntas",
        "sent Authorization: Bearer c4nary",
        "sent authorization: basic c4nary",
        "POST https://agency.example/hook?x=1&token=c4nary",
    ],
)
def test_a_secret_inside_a_text_is_hidden(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """In a message, in a value, and in the message of an exception."""
    with configured(monkeypatch) as stream:
        logging.getLogger("library").warning(text)
        structlog.get_logger().info("failed", detail=text)
        try:
            raise RuntimeError(text)
        except RuntimeError:
            logging.getLogger("library").exception("failed")

    assert len(lines(stream)) == 3
    assert "c4nary" not in stream.getvalue()


def test_what_is_no_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids, codes and counts: a log that hides everything helps nobody."""
    said = {"account_id": "0197", "key_id": "ab12", "keeper": "starts", "count": 3, "address": "127.0.0.1:7233"}
    with configured(monkeypatch) as stream:
        structlog.get_logger().info("worker_ready", **said)

    (line,) = lines(stream)
    assert {name: line[name] for name in said} == said
