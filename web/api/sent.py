"""Letters as those read them to whom they go: found by what they are about, and saved while its parts are shown."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError, NotFoundError
from casework.events import EventKind
from casework.models.people import Actor, Role
from casework.rules.disclosing import discloses, tells
from casework.rules.letters import goes_to
from web.api.answers import Page, ReferralAnswer, SentLetter
from web.api.door import Door, given_id
from web.api.files import sent_file
from web.api.lists import Pages, cut
from web.api.records import NO_GROUND
from web.api.referrals import ReferralReading
from web.api.routing import V1, read, read_list
from web.api.texts import Row, Texts, may_read
from web.site import Site


class SentLetters:
    """An agency reads what was written to it; the office the same, beside the other letters of its case."""

    def __init__(self, site: Site, door: Door, texts: Texts, referrals: ReferralReading) -> None:
        self._desk = site.desk
        self._reads = site.desk.reads
        self._door = door
        self._texts = texts
        self._referrals = referrals

    def routes(self) -> list[APIRoute]:
        """A list and its files, of a referral and of what was told by law."""
        actor_ = Depends(self._door.actor)

        def of_referral(referral_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            return self._page(self._to_asked(actor, given_id(referral_id)), query)

        def of_notification(notification_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            return self._page(self._to_told(actor, given_id(notification_id)), query)

        def letter_of_referral(referral_id: str, letter_id: str, actor: Actor = actor_) -> Any:
            return self.file(actor, given_id(referral_id), given_id(letter_id))

        def letter_of_notification(notification_id: str, letter_id: str, actor: Actor = actor_) -> Any:
            return self._file(actor, self._to_told(actor, given_id(notification_id)), given_id(letter_id))

        asked, told = f"{V1}/referrals/{{referral_id}}/letters", f"{V1}/notifications/{{notification_id}}/letters"
        return [
            read_list(asked, of_referral, SentLetter, "Letters to who was asked"),
            read(f"{asked}/{{letter_id}}", letter_of_referral, None, "A letter to who was asked"),
            read_list(told, of_notification, SentLetter, "Letters to who was told by law"),
            read(f"{told}/{{letter_id}}", letter_of_notification, None, "A letter to who was told by law"),
        ]

    def of(self, actor: Actor, referral: ReferralAnswer) -> tuple[SentLetter, ...]:
        """Those to the receiver of a referral, as the reader was shown it; none where no part of it is shown."""
        rows = self._rows(actor, referral.case_id, referral.agency_id, referral.id) if referral.disclosed else []
        return tuple(map(_letter, rows))

    def file(self, actor: Actor, referral_id: str, letter_id: str) -> StreamingResponse:
        """A letter to the receiver of a referral, to be saved."""
        return self._file(actor, self._to_asked(actor, referral_id), letter_id)

    def _file(self, actor: Actor, letters: list[Row], letter_id: str) -> StreamingResponse:
        row = next((row for row in letters if row["subject_id"] == letter_id), None)
        kept = self._desk.files.find(actor, row["case_id"], letter_id) if row else None
        if row is None or kept is None:
            raise NotFoundError("There is no such letter.")
        return sent_file(self._desk, actor, row["case_id"], kept)

    def _page(self, letters: list[Row], query: Pages) -> Page[SentLetter]:
        rows, following = cut(letters, query)
        return Page[SentLetter](items=tuple(map(_letter, rows)), next_cursor=following)

    def _to_asked(self, actor: Actor, referral_id: str) -> list[Row]:
        row = self._reads.referral(actor, referral_id)
        return self._letters(actor, row, shown=row is not None and discloses(row, self._desk.office.now()))

    def _to_told(self, actor: Actor, notification_id: str) -> list[Row]:
        row = self._reads.notification(actor, notification_id)
        return self._letters(actor, row, shown=row is not None and tells(row, self._desk.office.now()))

    def _letters(self, actor: Actor, about: Row | None, *, shown: bool) -> list[Row]:
        """The log's rows of letters, oldest first; raises ForbiddenError where their parts are not shown."""
        case = self._referrals.case_of(actor, about) if about else None
        if about is None or case is None:
            raise NotFoundError("There is nothing at this address.")
        if not (shown if actor.role is Role.AGENCY_OFFICER else may_read(actor, case)):
            raise ForbiddenError(NO_GROUND)
        return self._rows(actor, case["id"], about["agency_id"], about["id"])

    def _rows(self, actor: Actor, case_id: str, agency_id: str, about_id: str) -> list[Row]:
        rows = self._texts.read_by(actor).rows(case_id, (EventKind.LETTER_ISSUED,))
        return [row for row in rows if goes_to(row["body"], agency_id, about_id)]


def _letter(row: Row) -> SentLetter:
    return SentLetter.model_validate({**row["body"], "id": row["subject_id"], "at": row["at"]})
