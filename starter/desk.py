"""The desk: makes an order of what was asked. It reserves ids, seals texts, and looks up what rules need to know."""

import json
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from casework import commands as c
from casework.errors import ErasedError
from casework.ids import new_id
from casework.models.codes import ReporterKind
from casework.models.pathway import Pathway
from casework.models.people import Actor, Role
from casework.models.sealing import blank, given, split
from casework.office import Office
from casework.opening import Opening
from casework.ports import (
    Access,
    Accounts,
    ClientIndex,
    CommandIds,
    Directory,
    Documents,
    Files,
    Keyed,
    Letters,
    Locations,
    PublicReports,
    Reads,
    Reservations,
    SealedFile,
    Suspects,
    Vault,
)
from casework.rules.opening import check_opening, day_of, facts_of
from casework.rules.permitted import check_role
from casework.rules.retention import ERASED
from starter.asking import Asking
from starter.known import Known, numbers_of_suspects
from starter.lookups import Lookups

C = TypeVar("C", bound=c.Command)


@dataclass(frozen=True)
class Desk:
    """Every method may block; `Cases` calls them in threads."""

    office: Office
    ids: CommandIds
    vault: Vault
    reservations: Reservations
    documents: Documents
    reads: Reads
    accounts: Accounts
    directory: Directory
    index: ClientIndex
    locations: Locations
    files: Files
    access: Access
    suspects: Suspects
    letters: Letters
    public_reports: PublicReports

    @property
    def lookups(self) -> Lookups:
        """What rules need to know and cannot look up."""
        known = Known(self.reads, self.documents, self.vault, self.suspects)
        return Lookups(self.reads, self.accounts, self.access, self.directory, self.office, known)

    def command_id(self, ask: Asking) -> str:
        """The id of the command asked for; a fresh one where the client gave no key."""
        return self.ids.command_id(ask.actor.account_id, ask.key or new_id())

    def keyed(self, ask: Asking, name: str, body: BaseModel) -> Keyed:
        """A command that is of no case, as its repeats are known by."""
        return Keyed(self.command_id(ask), self.body_digest(ask, name, body))

    def body_digest(self, ask: Asking, name: str, body: BaseModel) -> str:
        """The fingerprint of command, subject and body, for telling a repeat from another request."""
        content = [name, ask.subject_id, body.model_dump(mode="json")]
        return self.ids.body_digest(ask.case_id or None, json.dumps(content, sort_keys=True).encode())

    def order(self, ask: Asking, command_id: str, digest: str, body: C, file: SealedFile | None = None) -> c.Order[C]:
        """Seal the texts as pending and gather the facts; raises where an id named in the body is unknown.

        Who may not give the command is told so first: what a body names is looked up for nobody else.
        """
        check_role(ask.actor, type(body))
        self._check_not_erased(ask.case_id)
        facts = self.lookups.facts(ask, body)
        document, texts = self._seal(ask.case_id, command_id, digest, body, file)
        return c.Order[C](
            command_id=command_id,
            body_digest=digest,
            actor=ask.actor,
            body=blank(body),
            new_id=new_id(),
            subject_id=ask.subject_id,
            revision=ask.revision,
            document=document,
            texts=texts,
            pathways=self._pathways(body),
            facts=facts,
            related=self.lookups.related(body),
        )

    def _check_not_erased(self, case_id: str) -> None:
        """Its key is gone, and its workflow: nothing can be sealed for it, and nobody is there to ask."""
        row = self.reads.facts_of_client(case_id)
        if row and row["erased_at"]:
            raise ErasedError(ERASED)

    def discard(self, order: c.Order[C]) -> None:
        """Delete what was sealed for an order that was refused."""
        if order.document:
            kept_in = self.locations if isinstance(order.body, c.SetLocation) else self.documents
            kept_in.discard_pending(order.document.id)

    def opening(
        self, ask: Asking, case_id: str, number: str, command_id: str, digest: str, body: c.OpenCase
    ) -> Opening:
        """The opening of a reserved case, its texts sealed under the case's new key."""
        self.vault.create_key(case_id)
        document, texts = self._seal(case_id, command_id, digest, body)
        pathways = self.office.pathways
        order = c.Order[c.OpenCase](
            command_id=command_id,
            body_digest=digest,
            actor=ask.actor,
            body=blank(body),
            new_id=case_id,
            document=document,
            texts=texts,
            facts=self.lookups.report(case_id, body),
            related=self.lookups.related(body),
        )
        return Opening(
            case_id=case_id,
            number=number,
            agency_id=self.office_of(ask.actor),
            order=order,
            pathways=tuple(pathways[category] for category in body.categories),
            calendar=self.office.calendar,
            surroundings=self.office.surroundings,
            client=facts_of(body.client, day_of(body.reported_at, self.office.timezone)),
        )

    def checked(self, ask: Asking, body: c.OpenCase) -> c.OpenCase:
        """The report, if it can be taken; an agency officer reports for the own agency. Leaves nothing behind."""
        if ask.actor.role is Role.AGENCY_OFFICER:
            reporter = body.reporter.model_copy(update={"kind": ReporterKind.AGENCY, "agency_id": ask.actor.agency_id})
            body = c.OpenCase.model_validate({**body.model_dump(), "reporter": reporter.model_dump()})
        check_opening(body, self.office.now(), self.office.timezone)
        self.lookups.agency(body.reporter.agency_id)
        for link in body.links:
            self.lookups.case(ask.actor, link.case_id)
        return body

    def office_of(self, actor: Actor) -> str:
        """The office that will lead a case of this actor: the own one where it leads cases, else this Tuntas's."""
        agency = self.directory.get(actor.agency_id)
        return agency.id if agency and agency.leads else self.office.lead_agency_id

    def _seal(
        self, case_id: str, command_id: str, digest: str, body: c.Command, file: SealedFile | None = None
    ) -> tuple[c.SealedDocument | None, tuple[str, ...]]:
        _, texts = split(body)
        if not texts and file is None:
            return None, ()
        # An id for each attempt: a refused one takes away its own document, never that of a repeat that was taken.
        document_id = file.document_id if file else new_id()
        written = json.dumps(texts, sort_keys=True).encode()
        if isinstance(body, c.SetLocation):
            content, sealed = self.vault.seal_location(case_id, document_id, written)
            self.locations.put_pending(document_id, case_id, command_id, content, sealed)
            return c.SealedDocument(id=document_id, digest=content), given(texts)
        content, sealed = self.vault.seal(case_id, document_id, written)
        client = body.client if isinstance(body, c.OpenCase | c.AmendClient) else None
        index = self.index.entries(client) if client else None
        numbers = [self.vault.mark(case_id, number) for number in numbers_of_suspects(body)]
        self.documents.put_pending(document_id, case_id, command_id, content, sealed, index, file, numbers)
        return c.SealedDocument(id=document_id, digest=content), given(texts)

    def _pathways(self, body: c.Command) -> tuple[Pathway, ...]:
        """The pathways an assessment may add: those named and those its findings lead to."""
        if not isinstance(body, c.RecordAssessment):
            return ()
        pathways = self.office.pathways
        found = {p.findings.get(f) for p in pathways.values() for f in body.findings}
        return tuple(p for category, p in pathways.items() if category in {*found, *body.categories_added})
