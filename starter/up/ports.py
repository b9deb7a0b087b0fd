"""The ports of one start: the web's as asked for, the others following it."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields

from starter.up.refused import Refused

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Every port that is given out here. Temporal takes a few more by itself, from the system's own range."""

    web: int
    postgres: int
    temporal: int
    temporal_http: int  # cannot be switched off, only told where to be
    temporal_metrics: int

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Name and number of each."""
        for entry in fields(self):
            yield entry.name.replace("_", " "), getattr(self, entry.name)


def following(web: int) -> Ports:
    """Ports counted from the web's, so that a person can tell them without a file."""
    if not 1024 <= web <= 65531:
        raise Refused(f"--port {web}: choose one from 1024 to 65531; the four after it are used too.")
    return Ports(*range(web, web + 5))


def in_use(port: int) -> bool:
    """Whether something listens on this port of the loopback address."""
    with socket.socket() as probe:
        # As servers do: a connection of the last run that is still timing out does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def check(ports: Ports, patience: float) -> None:
    """Refuse, naming every port that is taken. Children of a crashed run get `patience` seconds to be gone."""
    end = time.monotonic() + patience
    while taken := [f"{port} ({name})" for name, port in ports if in_use(port)]:
        if time.monotonic() >= end:
            numbers = ", ".join(taken)
            raise Refused(f"in use on {HOST}: port {numbers}. Stop what listens there, or choose another with --port.")
        time.sleep(0.1)
