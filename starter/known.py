"""What is known of a client and of those around, opened for the desk alone: rules are told yes, no or years."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from casework import commands as c
from casework.events import EventKind
from casework.models.people import ITSELF
from casework.models.sealing import merge
from casework.models.state import age_on
from casework.numbers import numbers_in
from casework.ports import Documents, Reads, Suspects, Vault

ABOUT_CLIENT = (EventKind.CASE_OPENED.value, EventKind.CLIENT_AMENDED.value)


@dataclass(frozen=True)
class Known:
    """Every method may block."""

    reads: Reads
    documents: Documents
    vault: Vault
    suspects: Suspects

    def age(self, case_id: str, today: date) -> int | None:
        """The client's completed years today; None where neither birth date nor age is known."""
        client, at = self._last(case_id, "client")
        if not client or at is None:
            return None
        if client.get("birth_date"):
            return age_on(date.fromisoformat(client["birth_date"]), today)
        said = client.get("age_years")
        return None if said is None else int(said) + max(0, age_on(at, today))

    def shares_number(self, case_id: str, body: c.OpenCase | c.AmendClient) -> bool:
        """Whether client or reporter, after this body, has a number that a suspect has."""
        numbers = numbers_in(*(self._phone(case_id, body, name) for name in ("client", "reporter")))
        if body.alleged_perpetrators is not None:
            return not numbers.isdisjoint(numbers_of_suspects(body))
        return bool(self.suspects.shared(case_id, numbers))

    def _phone(self, case_id: str, body: c.OpenCase | c.AmendClient, name: str) -> str | None:
        named = getattr(body, name)
        if named is not None:
            return str(named.phone) if named.phone else None
        phone = self._last(case_id, name)[0].get("phone")
        return str(phone) if phone else None

    def _last(self, case_id: str, name: str) -> tuple[dict[str, Any], date | None]:
        """One thing as last written, opened, and the day it was written on."""
        rows = [row for row in self.reads.log(ITSELF, case_id, ABOUT_CLIENT) if row["body"].get(name)]
        if not rows:
            return {}, None
        last = rows[-1]
        whole = merge(last["body"], self._texts(case_id, last["document_id"]))
        return whole[name], last["at"].date()

    def _texts(self, case_id: str, document_id: str | None) -> dict[str, str]:
        sealed = self.documents.get(ITSELF, case_id, document_id) if document_id else None
        if sealed is None or document_id is None:
            return {}
        texts: dict[str, str] = json.loads(self.vault.open(case_id, document_id, sealed))
        return texts


def numbers_of_suspects(body: c.Command) -> frozenset[str]:
    """The telephone numbers of those suspected that a body names."""
    named = body.alleged_perpetrators if isinstance(body, c.OpenCase | c.AmendClient) else None
    return numbers_in(*(suspect.phone for suspect in named or ()))
