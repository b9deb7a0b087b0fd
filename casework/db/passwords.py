"""Passwords: argon2id, and the same work whether there is an account or not."""

from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

# Each hash takes 64 MiB and a core: more at once would let anybody starve the machine from the sign-in page.
_AT_ONCE = BoundedSemaphore(2)


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash to keep."""
        with _AT_ONCE:
            return self._hasher.hash(_bytes(password))

    def right(self, password: str, kept: str | None) -> bool:
        """Whether it is the password of a kept hash; without one, no, after the same work."""
        with _AT_ONCE:
            try:
                return self._hasher.verify(kept or self._nobodys, _bytes(password)) and kept is not None
            except VerifyMismatchError:
                return False


def _bytes(password: str) -> bytes:
    # A lone surrogate is no password of anybody, but must not be an error either.
    return password.encode(errors="surrogatepass")
