"""Opening what was sealed, for who has a ground to read it, and finding what holds of a client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casework.events import EventKind
from casework.models.people import DECIDING_ROLES, OFFICE_ROLES, Actor, Role
from casework.models.sealing import merge
from casework.ports import Documents, Location, LocationReading, Reads, Vault
from casework.rules.access import CONTENT
from casework.vault.errors import KeyMissingError

Row = Mapping[str, Any]

ABOUT_CLIENT = (EventKind.CASE_OPENED, EventKind.CLIENT_AMENDED)


def may_read(reader: Actor, case: Row) -> bool:
    """Whether a reader has a ground to read a case's content: its caseworker, or a supervisor or head of its office, or
    one of another office who broke the glass.

    Until a case is assigned, its caseworker is who opened it. A row that a step of the log left names no ground.
    """
    if "ground" in case:
        return reader.role in OFFICE_ROLES and case["ground"] in CONTENT
    if reader.agency_id != case["agency_id"]:
        return False
    if reader.role is Role.CASEWORKER:
        return bool(reader.account_id == (case["assigned_to"] or case["opened_by"]))
    return reader.role in DECIDING_ROLES


class Texts:
    """What was sealed, in the clear. Every method may block."""

    def __init__(self, reads: Reads, documents: Documents, vault: Vault) -> None:
        self._reads = reads
        self._documents = documents
        self._vault = vault

    def read_by(self, reader: Actor) -> "Read":
        """What of them a reader reads; who may is asked before."""
        return Read(reader, self._reads, self._documents, self._vault)

    def of_location(self, case_id: str, location: Location) -> dict[str, str]:
        """Where a client is, by field."""
        opened: dict[str, str] = json.loads(self._vault.open_location(case_id, location.id, location.sealed))
        return {pointer.removeprefix("/"): text for pointer, text in opened.items()}

    def of_reading(self, reading: LocationReading) -> str | None:
        """Why somebody read it; None where the case is erased."""
        try:
            return self._vault.open(reading.case_id, reading.id, reading.reason).decode()
        except KeyMissingError:
            return None


@dataclass(frozen=True)
class Read:
    """The texts of the cases that a reader sees. Every method may block."""

    reader: Actor
    reads: Reads
    documents: Documents
    vault: Vault

    def of_document(self, case_id: str, document_id: str) -> dict[str, str] | None:
        """The texts of a document by JSON pointer; None where the case has no such document, or is erased."""
        sealed = self.documents.get(self.reader, case_id, document_id)
        if sealed is None:
            return None
        try:
            opened: dict[str, str] = json.loads(self.vault.open(case_id, document_id, sealed))
        except KeyMissingError:
            return None
        return opened

    def body(self, row: Row) -> dict[str, Any]:
        """The body of a log row as it was written."""
        document_id = row["document_id"]
        texts = self.of_document(row["case_id"], document_id) if document_id else None
        return merge(row["body"], texts or {})

    def known(self, case_id: str, upto: int | None = None) -> dict[str, Any]:
        """Client, reporter, perpetrators and consent as last written, with the narrative of the report.

        `upto` gives them as of a step of the log, so that a repeat gets the first answer.
        """
        known: dict[str, Any] = {}
        for row in self.rows(case_id, ABOUT_CLIENT, upto):
            known |= {name: value for name, value in self.body(row).items() if value is not None}
        return known

    def client(self, case_id: str, upto: int | None = None) -> dict[str, Any] | None:
        """The client as last written; only the document that holds it is opened."""
        rows = [row for row in self.rows(case_id, ABOUT_CLIENT, upto) if row["body"].get("client")]
        client: dict[str, Any] | None = self.body(rows[-1])["client"] if rows else None
        return client

    def rows(self, case_id: str, kinds: tuple[EventKind, ...], upto: int | None = None) -> list[Row]:
        """Log rows of the kinds, oldest first, up to a step."""
        rows = self.reads.log(self.reader, case_id, [kind.value for kind in kinds])
        return [row for row in rows if upto is None or row["sequence"] <= upto]
