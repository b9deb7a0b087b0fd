"""Finding clients, and what suspects are known by, without a name in the clear."""

from collections.abc import Collection
from typing import Literal, Protocol

from casework.models.base import Model
from casework.models.parts import Client

Tokens = frozenset[bytes]


Spelling = Literal["alike", "exact"]


class IndexEntries(Model):
    """What a client is found by: keyed hashes, and the version of the key."""

    version: int
    tokens: Tokens


class ClientIndex(Protocol):
    """Finding a case by its client, without keeping who that is."""

    def entries(self, client: Client) -> IndexEntries:
        """What a client is found by."""
        ...

    def asked(self, name: str | None, number: str | None, spelling: Spelling = "alike") -> tuple[Tokens, ...]:
        """What a client must have to be meant: one of each set. Raises InvalidInputError for too little to go by."""
        ...


class Suspects(Protocol):
    """The numbers of those suspected, compared and never shown."""

    def shared(self, case_id: str, numbers: Collection[str]) -> frozenset[str]:
        """Those of these numbers (E.164) that a suspect of the case has."""
        ...
