"""Reading referrals and mandatory notifications: the office's own, and what an agency was asked or told."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from casework.errors import NotFoundError
from casework.models.people import OFFICE_ROLES, Actor
from casework.rules.disclosing import discloses
from web.api.answers import NotificationAnswer, Page, ReferralAnswer
from web.api.cases import CaseReading
from web.api.door import Door, given_id
from web.api.lists import NotificationsQuery, Pages, ReferralsQuery, cut
from web.api.routing import V1, read, read_list
from web.api.shown import etag, notification_of, referral_of, reply
from web.api.texts import Row, Texts
from web.site import Site


class ReferralReading:
    """An agency sees what it was sent; of the case only what a referral discloses."""

    def __init__(self, site: Site, door: Door, texts: Texts, cases: CaseReading) -> None:
        self._reads = site.desk.reads
        self._door = door
        self._texts = texts
        self._cases = cases
        self._now = site.desk.office.now

    def routes(self) -> list[APIRoute]:
        """Lists leave `disclosed` null: content is opened for one referral at a time."""
        actor_ = Depends(self._door.actor)

        def case_referrals(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            return self.of_case(actor, given_id(case_id), query)

        def inbox(query: Annotated[ReferralsQuery, Query()], actor: Actor = actor_) -> Any:
            return self.inbox(actor, query)

        def show_referral(referral_id: str, actor: Actor = actor_) -> JSONResponse:
            referral, revision = self.one(actor, given_id(referral_id))
            return reply(referral, headers=etag(revision))

        def show_notification(notification_id: str, actor: Actor = actor_) -> JSONResponse:
            return reply(self.notification(actor, given_id(notification_id)))

        def list_notifications(query: Annotated[NotificationsQuery, Query()], actor: Actor = actor_) -> Any:
            return self.told(actor, query)

        one = f"{V1}/cases/{{case_id}}/referrals"
        told = f"{V1}/notifications"
        return [
            read_list(one, case_referrals, ReferralAnswer, "The referrals of a case"),
            read_list(f"{V1}/referrals", inbox, ReferralAnswer, "Referrals, newest first"),
            read(f"{V1}/referrals/{{referral_id}}", show_referral, ReferralAnswer, "A referral", headers=("ETag",)),
            read_list(told, list_notifications, NotificationAnswer, "What was told by law"),
            read(f"{told}/{{notification_id}}", show_notification, NotificationAnswer, "A mandatory notification"),
        ]

    def inbox(self, actor: Actor, query: ReferralsQuery) -> Page[ReferralAnswer]:
        """The referrals of an agency, or of the office's cases, newest first."""
        rows, following = self._reads.inbox(actor, query.agency_id, query.status, query.limit, query.cursor)
        return Page[ReferralAnswer](items=tuple(map(ReferralAnswer.model_validate, rows)), next_cursor=following)

    def told(self, actor: Actor, query: NotificationsQuery) -> Page[NotificationAnswer]:
        """What was told by law, as far as the reader sees it."""
        rows, following = self._reads.told(actor, query.agency_id, query.limit, query.cursor)
        return Page[NotificationAnswer](
            items=tuple(map(NotificationAnswer.model_validate, rows)), next_cursor=following
        )

    def of_case(self, actor: Actor, case_id: str, query: Pages) -> Page[ReferralAnswer]:
        """The referrals of a case that the reader may see."""
        rows, following = cut(self._reads.referrals(actor, case_id), query)
        if not rows:
            self._cases.visible(actor, case_id)
        items = tuple(ReferralAnswer.model_validate(row) for row in rows)
        return Page[ReferralAnswer](items=items, next_cursor=following)

    def one(self, actor: Actor, referral_id: str) -> tuple[ReferralAnswer, int]:
        """A referral with what it discloses, and the revision of its case; raises NotFoundError for any other."""
        row = self._reads.referral(actor, referral_id)
        case = self.case_of(actor, row) if row else None
        if row is None or case is None:
            raise NotFoundError("There is no such referral.")
        open_ = discloses(row, self._now())
        return referral_of(self._texts, actor, row, case, open_=open_), case["revision"]

    def notification(self, actor: Actor, notification_id: str) -> NotificationAnswer:
        """A mandatory notification with what it discloses; raises NotFoundError for any other."""
        row = self._reads.notification(actor, notification_id)
        case = self.case_of(actor, row) if row else None
        if row is None or case is None:
            raise NotFoundError("There is no such notification.")
        return notification_of(self._texts, actor, row, case, self._now())

    def case_of(self, actor: Actor, part: Row) -> Row | None:
        """The case's row: with its ground for an office, as it is for who was asked or told."""
        if actor.role in OFFICE_ROLES:
            return self._reads.case(actor, part["case_id"])
        return self._reads.facts_of_client(part["case_id"])
