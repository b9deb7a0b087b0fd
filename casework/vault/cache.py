"""A small memory of keys, so that not every payload asks the database."""

import threading
from collections.abc import Callable

MOST_KEYS = 4096


class KeyCache:
    """Keeps keys for `ttl` seconds; thread-safe. A key forgotten while it was being read is not kept."""

    def __init__(self, ttl: float, clock: Callable[[], float]) -> None:
        self._ttl = ttl
        self._clock = clock
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._forgotten = 0
        self._lock = threading.Lock()

    def get(self, name: str, read: Callable[[str], bytes]) -> bytes:
        """The key kept under a name, or what `read` gives; what `read` raises is raised and not kept."""
        with self._lock:
            until, key = self._kept.get(name, (0.0, b""))
            if key and self._clock() < until:
                return key
            forgotten = self._forgotten
        key = read(name)  # without the lock: a slow database must not hold up keys already known
        with self._lock:
            if forgotten == self._forgotten:
                self._keep(name, key)
        return key

    def forget(self, name: str) -> None:
        """Keep it no longer."""
        with self._lock:
            self._kept.pop(name, None)
            self._forgotten += 1

    def _keep(self, name: str, key: bytes) -> None:
        self._kept.pop(name, None)
        while len(self._kept) >= MOST_KEYS:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (self._clock() + self._ttl, key)
