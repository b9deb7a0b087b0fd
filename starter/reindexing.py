"""Making the index over clients anew: from what is sealed, case by case, beside everything else."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from casework.events import EventKind
from casework.models.parts import Client
from casework.models.people import ITSELF
from casework.models.sealing import merge
from casework.ports import ClientIndex, Documents, IndexEntries, Reads, Vault
from casework.vault.errors import KeyMissingError

ABOUT_CLIENT = (EventKind.CASE_OPENED, EventKind.CLIENT_AMENDED)
TRIES = 20


class Table(Protocol):
    """Where the index is kept."""

    def page(self, after: str, version: int, most: int) -> list[tuple[str, int]]:
        """The next cases that have nothing under a version of the key, each with its revision."""
        ...

    def replace(self, case_id: str, revision: int, document_id: str, entries: IndexEntries) -> bool:
        """Write anew what a client is found by; False, and nothing, where the case has moved on since."""
        ...


@dataclass(frozen=True)
class Reindexing:
    """Goes over the cases that are not found under the newest key yet. Every method may block."""

    reads: Reads
    documents: Documents
    vault: Vault
    index: ClientIndex
    table: Table

    def page(self, after: str, version: int, most: int = 200) -> tuple[int, str | None]:
        """Do the next cases after an id: how many there were, and after which id to go on."""
        cases = self.table.page(after, version, most)
        for case_id, revision in cases:
            self._one(case_id, revision)
        return len(cases), cases[-1][0] if cases else None

    def _one(self, case_id: str, revision: int) -> None:
        for _ in range(TRIES):
            written = self._client(case_id)
            if written is None:
                return
            document_id, client = written
            if self.table.replace(case_id, revision, document_id, self.index.entries(client)):
                return
            revision = len(self.reads.log(ITSELF, case_id))

    def _client(self, case_id: str) -> tuple[str, Client] | None:
        """The client as last written, and the document that says so; None where nothing of it is sealed, or erased."""
        rows = self.reads.log(ITSELF, case_id, [kind.value for kind in ABOUT_CLIENT])
        written = [row for row in rows if row["body"].get("client")]
        if not written or written[-1]["document_id"] is None:
            return None
        row = written[-1]
        sealed = self.documents.get(ITSELF, case_id, row["document_id"])
        if sealed is None:
            return None
        try:
            texts: dict[str, str] = json.loads(self.vault.open(case_id, row["document_id"], sealed))
        except KeyMissingError:
            return None
        body: dict[str, Any] = merge(row["body"], texts)
        return row["document_id"], Client.model_validate(body["client"])
