"""Lets in for an hour, and shuts out: asked of the record at once, because access does not wait for the engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from casework.errors import (
    AlreadyDecidedError,
    AlreadySeenError,
    ConflictOfInterestError,
    ForbiddenError,
    NotFoundError,
    UnknownAccountError,
)
from casework.ids import new_id
from casework.models.access import BrokenGlass, Exclude, Exclusion, Ground, OpenGlass, ReviewGlass
from casework.models.base import Model
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.people import Actor, Role
from casework.ports import Keyed
from casework.rules.conflicts import check_breaks, check_excludes, check_lifts, check_reviews
from casework.rules.step import Told
from starter.asking import Asking
from starter.desk import Desk
from starter.lookups import missing

SIGHT = timedelta(hours=1)
"""How long broken glass gives sight."""
OVERSEERS = (Role.SUPERVISOR, Role.HEAD)
"""Who is told of an office."""


@dataclass(frozen=True)
class Gatekeeper:
    """Every method may block. A repeat under the same key gets the first answer."""

    desk: Desk

    def break_glass(self, ask: Asking, body: OpenGlass) -> BrokenGlass:
        """An hour's sight of a case, told to its office; while it runs, whoever asks again gets the same.

        Raises NotFoundError for a number that no case has, and in the same words for a case that who asks is excluded
        from.
        """
        check_breaks(ask.actor, self.desk.directory.get(ask.actor.agency_id))
        now = self.desk.office.now()
        case = self.desk.access.behind_glass(ask.actor, body.number, now)
        if case is None:
            raise NotFoundError("There is no case of this number.")
        if case["ground"] not in (None, Ground.TRANSFER_OFFER, Ground.BREAK_GLASS):
            raise AlreadySeenError("You see this case without breaking glass.")
        broken = BrokenGlass(
            id=new_id(),
            account_id=ask.actor.account_id,
            case_id=case["id"],
            case_number=case["number"],
            reason_document_id=self._sealed(case["id"], body.reason),
            begun_at=now,
            until=now + SIGHT,
        )
        return self._kept(broken, _told(NoticeKind.GLASS_BROKEN, broken.id, case, now), self._keyed(ask, body))

    def _sealed(self, case_id: str, reason: str) -> str:
        document_id = new_id()
        digest, sealed = self.desk.vault.seal(case_id, document_id, json.dumps({"/reason": reason}).encode())
        self.desk.documents.put_pending(document_id, case_id, document_id, digest, sealed)
        return document_id

    def _kept(self, broken: BrokenGlass, told: list[Notice], command: Keyed) -> BrokenGlass:
        kept = None
        try:
            kept = self.desk.access.break_glass(broken, told, command)
            return kept
        finally:
            if kept != broken:
                self.desk.documents.discard_pending(broken.reason_document_id)

    def review(self, ask: Asking, glass_id: str, body: ReviewGlass) -> BrokenGlass:
        """What somebody of the case's office thinks of the reason; once."""
        broken = self.desk.access.broken_one(ask.actor, glass_id)
        if broken is None:
            raise NotFoundError("No such glass was broken.")
        check_reviews(ask.actor, broken)
        by = {"reviewed_at": self.desk.office.now(), "reviewed_by": ask.actor.account_id, "justified": body.justified}
        if not self.desk.access.review(broken.model_copy(update=by), self._keyed(ask, body, glass_id)):
            raise AlreadyDecidedError("It was reviewed already.")
        return self.desk.access.broken_one(ask.actor, glass_id) or broken

    def exclude(self, ask: Asking, case_id: str, body: Exclude) -> Exclusion:
        """Take every sight of a case from an account, at once; whoever asks again gets the same."""
        case = self._decided(ask.actor, case_id)
        account = self.desk.accounts.get(body.account_id)
        if account is None:
            raise UnknownAccountError("There is no such account.")
        check_excludes(ask.actor, account)
        exclusion = Exclusion(
            id=new_id(),
            case_id=case_id,
            account_id=account.id,
            ground=body.ground,
            excluded_by=ask.actor.account_id,
            excluded_at=self.desk.office.now(),
        )
        told = _told(NoticeKind.EXCLUDED, exclusion.id, case, exclusion.excluded_at)
        kept = self.desk.access.exclude(exclusion, case["agency_id"], told, self._keyed(ask, body, case_id))
        if kept is None:
            raise ConflictOfInterestError("Nobody in your office would be left to decide. Offer it to another first.")
        return kept

    def lift(self, ask: Asking, case_id: str, exclusion_id: str) -> Exclusion:
        """Give an account back what it could see."""
        exclusion = self._exclusion(ask.actor, case_id, exclusion_id)
        check_lifts(ask.actor, exclusion)
        by = {"lifted_by": ask.actor.account_id, "lifted_at": self.desk.office.now()}
        if not self.desk.access.lift(exclusion.model_copy(update=by), self._keyed(ask, Model(), exclusion_id)):
            raise AlreadyDecidedError("It was lifted already.")
        return self._exclusion(ask.actor, case_id, exclusion_id)

    def exclusions(self, actor: Actor, case_id: str) -> list[Exclusion]:
        """Who is or was excluded from a case, oldest first."""
        self._decided(actor, case_id)
        return self.desk.access.exclusions(actor, case_id)

    def _exclusion(self, actor: Actor, case_id: str, exclusion_id: str) -> Exclusion:
        found = next((each for each in self.exclusions(actor, case_id) if each.id == exclusion_id), None)
        if found is None:
            raise NotFoundError("There is no such exclusion.")
        return found

    def _decided(self, actor: Actor, case_id: str) -> Mapping[str, Any]:
        """The row of a case of the office that the actor decides in."""
        case = self.desk.reads.case(actor, case_id)
        if case is None:
            raise missing(self.desk.reads, actor, case_id)
        if case["ground"] != Ground.OWN_OFFICE:
            raise ForbiddenError("A supervisor or head of the case's office says who is excluded from it.")
        return case

    def _keyed(self, ask: Asking, body: Model, subject_id: str | None = None) -> Keyed:
        return self.desk.keyed(Asking(ask.actor, key=ask.key, subject_id=subject_id), type(body).__name__, body)


def _told(kind: NoticeKind, about_id: str, case: Mapping[str, Any], now: datetime) -> list[Notice]:
    """The notices to who looks over a case in its office."""
    of_office = (Told(kind, Recipient(agency_id=case["agency_id"], role=role), about_id) for role in OVERSEERS)
    return [told.notice(about_id, case["id"], case["number"], now) for told in of_office]
