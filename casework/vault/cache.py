"""A small memory of keys, so that not every payload asks the database."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

MOST_KEPT = 4096

V = TypeVar("V")


class KeyCache(Generic[V]):
    """Keeps what was read for `ttl` seconds; thread-safe. What is forgotten while it is being read is not kept."""

    def __init__(self, ttl: float, clock: Callable[[], float]) -> None:
        self._ttl = ttl
        self._clock = clock
        self._kept: dict[str, tuple[float, V]] = {}
        self._forgotten = 0
        self._lock = threading.Lock()

    def get(self, name: str, read: Callable[[str], V]) -> V:
        """What is kept under a name, or what `read` gives; what `read` raises is raised and not kept."""
        with self._lock:
            kept = self._kept.get(name)
            if kept and self._clock() < kept[0]:
                return kept[1]
            forgotten = self._forgotten
        value = read(name)  # without the lock: a slow database must not hold up keys already known
        with self._lock:
            if forgotten == self._forgotten:
                self._keep(name, value)
        return value

    def peek(self, name: str, at_least: float = 1.0) -> V | None:
        """What is kept under a name and will be for so many seconds more; nothing is read for it."""
        with self._lock:
            kept = self._kept.get(name)
            return kept[1] if kept and self._clock() + at_least < kept[0] else None

    def forget(self, name: str) -> None:
        """Keep it no longer."""
        with self._lock:
            self._kept.pop(name, None)
            self._forgotten += 1

    def _keep(self, name: str, value: V) -> None:
        self._kept.pop(name, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (self._clock() + self._ttl, value)
