"""The blind index over clients: keyed hashes of the words of their names and of their numbers, and nothing else.

Without the key a token tells only that two cases share something. With it, guesses can be tested: so the key can be
made anew and the earlier one destroyed (docs/operations.md).
"""

import hmac
from collections.abc import Iterable

from casework.errors import InvalidInputError
from casework.ids import INDEX, index_key, index_versions
from casework.models.parts import Client
from casework.ports import IndexEntries, Spelling, Tokens
from casework.vault.keystore import KeyStore
from casework.vault.names import identity_number, sound, words

TOKEN_BYTES = 16
LEAST_LETTERS = 3
LEAST_SIGNS = 6
MOST_WORDS = 12


class ClientIndex:
    """Every method may block on a database."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def entries(self, client: Client) -> IndexEntries:
        """What a client is found by, under the newest key."""
        version = self._versions()[-1]
        found = {("word", word) for word in words(client.name or "")[:MOST_WORDS]}
        found |= {("sound", sound(word)) for _, word in found}
        if number := identity_number(client.national_id or ""):
            found.add(("number", number))
        tokens = frozenset(self._token(version, kind, text) for kind, text in found)
        return IndexEntries(version=version, tokens=tokens)

    def asked(self, name: str | None, number: str | None, spelling: Spelling = "alike") -> tuple[Tokens, ...]:
        """What a client must have to be meant: one of each set. Raises InvalidInputError for too little."""
        wanted: list[tuple[str, str]] = []
        if name is not None:
            wanted += _by_name(name, spelling)
        if number is not None:
            wanted.append(("number", _long_enough(identity_number(number))))
        versions = self._versions()
        return tuple(frozenset(self._token(each, *one) for each in versions) for one in dict.fromkeys(wanted))

    def _versions(self) -> list[int]:
        if not self._keys.ids(INDEX):
            self._keys.create(index_key(1))
        return index_versions(self._keys.ids(INDEX))

    def _token(self, version: int, kind: str, text: str) -> bytes:
        key = self._keys.get(index_key(version))
        return hmac.digest(key, f"{kind}|{text}".encode(), "sha256")[:TOKEN_BYTES]


def _by_name(name: str, spelling: Spelling) -> Iterable[tuple[str, str]]:
    spelled = words(name)[:MOST_WORDS]
    if not any(len(word) >= LEAST_LETTERS for word in spelled):
        raise _too_short("/client_name", f"Name at least {LEAST_LETTERS} letters of one word, a title apart.")
    return [("word", word) if spelling == "exact" else ("sound", sound(word)) for word in spelled]


def _long_enough(number: str) -> str:
    if len(number) < LEAST_SIGNS:
        raise _too_short("/national_id", "Give the whole number.")
    return number


def _too_short(pointer: str, detail: str) -> InvalidInputError:
    errors = [{"pointer": pointer, "code": "too_short", "detail": detail}]
    return InvalidInputError("This would find too many to be of use.", errors=errors)
