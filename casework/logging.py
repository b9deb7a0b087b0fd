"""structlog, configured once a process: JSON lines of static event names and opaque ids, and never a secret."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

SECRET = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|credential|recovery_code|(^|_|-)(otp|csrf|key|pin)$", re.IGNORECASE
)
"""Names of what is never written, wherever it stands."""
IN_TEXT = re.compile(r"(://)[^\s/@]+(?=@)|(\b(?:Bearer|Basic) )\S+|([?&]token=)[^\s&]+", re.IGNORECASE)
"""Secrets that stand in a text: of an address, of a header."""
HIDDEN = "[hidden]"


def without_secrets(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor: what is named like a secret is hidden, and what looks like one inside a text."""
    return {name: HIDDEN if SECRET.search(name) else _hidden(value) for name, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return IN_TEXT.sub(lambda found: f"{found[found.lastindex or 0]}{HIDDEN}", value)
    if isinstance(value, Mapping):
        return {name: HIDDEN if SECRET.search(str(name)) else _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(each) for each in value]
    return value


def configure(level: str = "INFO") -> None:
    """Route structlog and the standard library through one JSON renderer on stderr."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_secrets,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
