"""How old a client is today, for rules that must not see the birth date: it is opened here and goes no further."""

import json
from dataclasses import dataclass
from datetime import date

from casework.events import EventKind
from casework.models.state import age_on
from casework.ports import Documents, Reads, Vault

ABOUT_CLIENT = (EventKind.CASE_OPENED.value, EventKind.CLIENT_AMENDED.value)
BORN = "/client/birth_date"


@dataclass(frozen=True)
class Ages:
    """Looks a client's age up. May block."""

    reads: Reads
    documents: Documents
    vault: Vault

    def age(self, case_id: str, today: date) -> int | None:
        """Completed years today, by the birth date, else as said with the years since; None where neither is known."""
        rows = [row for row in self.reads.log(case_id, ABOUT_CLIENT) if row["body"].get("client")]
        if not rows:
            return None
        last = rows[-1]
        born = self._born(case_id, last["document_id"])
        if born:
            return age_on(born, today)
        said = last["body"]["client"].get("age_years")
        return None if said is None else int(said) + max(0, age_on(last["at"].date(), today))

    def _born(self, case_id: str, document_id: str | None) -> date | None:
        sealed = self.documents.get(case_id, document_id) if document_id else None
        if sealed is None or document_id is None:
            return None
        text = json.loads(self.vault.open(case_id, document_id, sealed)).get(BORN)
        return date.fromisoformat(text) if text else None
