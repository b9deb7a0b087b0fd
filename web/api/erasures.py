"""The certificate of an erasure, and the client's own file with the trail of its processing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from casework.commands import GiveAccess
from casework.errors import ForbiddenError, NotFoundError
from casework.events import EventKind
from casework.models.erasure import Certificate
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.ports import SightQuery
from starter.asking import Asking
from web.api.answers import Answer, Page
from web.api.bodies import body_of
from web.api.cases import CaseReading
from web.api.consents import ConsentOf, consent_of
from web.api.door import Door, IfMatch, Key, asking, given_id
from web.api.lists import Pages
from web.api.routing import V1, read, read_list, write
from web.api.texts import Row, Texts
from web.api.writes import check_say
from web.site import Site

READERS = DECIDING_ROLES | {Role.AUDITOR}
OWN = (
    EventKind.ASSESSMENT_RECORDED,
    EventKind.PLAN_PROPOSED,
    EventKind.SERVICE_RECORDED,
    EventKind.FOLLOW_UP_RECORDED,
    EventKind.NOTIFICATION_MADE,
    EventKind.REFERRAL_SENT,
    EventKind.DOCUMENT_ADDED,
)
"""What was recorded about the client. Who reported, and who is suspected, are other people's."""
TRAIL = ("sequence", "kind", "at", "account_id", "agency_id")
REFERRAL = ("agency_id", "service", "disclose", "consent_id", "override_ground", "sent_at", "status", "disclosed_until")
READ = ("at", "account_id", "agency_id", "thing", "kind", "ground")
TEXT = """BERITA ACARA PEMUSNAHAN / CERTIFICATE OF ERASURE

Nomor / Number: {number}
Diputuskan / Decided: {decided_at} ({decided_by})
Kunci dimusnahkan / Keys destroyed: {destroyed_at}
Yang tidak dapat dibuka lagi / What can be opened no more: {documents}
Salinan kunci dapat bertahan paling lama sampai / Copies of the keys may live until: {copies_until}
Yang tinggal / What stays: {log_rows} baris log / rows of the log, {log_digest}
"""


class CertificateOf(Answer):
    """That a case was erased, when, by whose decision, and until when a backup may hold a copy of its keys."""

    case_id: str
    number: str
    decided_at: datetime
    decided_by: str
    destroyed_at: datetime
    copies_until: datetime
    documents: int
    log_rows: int
    log_digest: str
    text: str


class ClientFile(Answer):
    """What is kept about the client, and the trail of what was done with it."""

    number: str
    client: dict[str, Any] | None
    narrative: str | None
    consents: tuple[ConsentOf, ...]
    recorded: tuple[dict[str, Any], ...]
    disclosed: tuple[dict[str, Any], ...]
    trail: tuple[dict[str, Any], ...]
    read_by: tuple[dict[str, Any], ...]


class Erasures:
    """For who decides in the office; the certificate for the auditor too."""

    def __init__(self, site: Site, door: Door, texts: Texts, cases: CaseReading) -> None:
        self._site = site
        self._reads = site.desk.reads
        self._door = door
        self._texts = texts
        self._cases = cases

    def routes(self) -> list[APIRoute]:
        """A certificate, and a person's own file."""
        actor_, body_ = Depends(self._door.actor), Depends(body_of(GiveAccess))
        one = f"{V1}/cases/{{case_id}}"

        def certificate(case_id: str, actor: Actor = actor_) -> Any:
            return self.certificate(actor, given_id(case_id))

        def certificates(query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            _check_reads(actor)
            found, following = self._reads.certificates(actor, query.limit, query.cursor)
            return Page[CertificateOf](items=tuple(map(_shown, found)), next_cursor=following)

        async def give_access(
            case_id: str, actor: Actor = actor_, body: GiveAccess = body_, key: Key = None, if_match: IfMatch = None
        ) -> Any:
            asked = asking(actor, key, if_match)
            ask = Asking(asked.actor, given_id(case_id), asked.key, asked.revision, None)
            check_say(actor, await run_in_threadpool(self._cases.visible, actor, case_id), GiveAccess)
            # Kept first: nothing is given out that the log does not name.
            await self._site.cases.give_access(ask, body)
            return await run_in_threadpool(self.file, actor, case_id)

        return [
            read_list(f"{V1}/erasures", certificates, CertificateOf, "Certificates of erasures, newest first"),
            read(f"{one}/erasure", certificate, CertificateOf, "The certificate of an erasure"),
            write(f"{one}/subject-access", give_access, ClientFile, "give_access", GiveAccess),
        ]

    def certificate(self, actor: Actor, case_id: str) -> CertificateOf:
        """The certificate of a case that the reader could see, or audits; raises NotFoundError where there is none."""
        if actor.role is Role.AUDITOR:
            self._cases.check_not_excluded(actor, case_id)
        else:
            self._cases.left(actor, case_id)
        _check_reads(actor)
        found = self._reads.certificate(actor, case_id)
        if found is None:
            raise NotFoundError("There is no such certificate.")
        return _shown(found)

    def file(self, actor: Actor, case_id: str) -> ClientFile:
        """The client's own file: never who reported, who is suspected, or where the client is."""
        row = self._cases.visible(actor, case_id)
        log: Sequence[Row] = self._reads.log(actor, case_id)
        texts = self._texts.read_by(actor)
        known = texts.known(case_id)
        recorded = (each for each in log if each["kind"] in OWN)
        return ClientFile(
            number=row["number"],
            client=known.get("client"),
            narrative=known.get("narrative"),
            consents=tuple(consent_of(each) for each in self._reads.consents(actor, case_id)),
            recorded=tuple({"kind": each["kind"], "at": each["at"], "body": texts.body(each)} for each in recorded),
            disclosed=tuple({name: each[name] for name in REFERRAL} for each in self._reads.referrals(actor, case_id)),
            trail=tuple({name: each[name] for name in TRAIL} for each in log),
            read_by=tuple({name: each[name] for name in READ} for each in self._readings(actor, case_id)),
        )

    def _readings(self, actor: Actor, case_id: str) -> Iterator[Row]:
        """Every row of the access log about the case, page by page."""
        cursor = None
        while True:
            query = SightQuery(case_id=case_id, limit=200, cursor=cursor)
            rows, cursor = self._site.access_log.sights(actor, query)
            yield from rows
            if cursor is None:
                return


def _check_reads(actor: Actor) -> None:
    if actor.role not in READERS:
        raise ForbiddenError("Who decides in the office, and the auditor, read certificates.")


def _shown(found: Certificate) -> CertificateOf:
    said = found.model_dump()
    return CertificateOf(**said, text=TEXT.format(**said))
