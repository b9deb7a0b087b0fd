"""Reading referrals and mandatory notifications: the office's own, and what an agency was asked or told."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from casework.errors import NotFoundError
from casework.models.people import Actor
from casework.rules.disclosing import discloses
from web.api.answers import NotificationAnswer, Page, ReferralAnswer
from web.api.cases import CaseReading
from web.api.door import Door, given_id
from web.api.lists import NotificationsQuery, Pages, ReferralsQuery, cut
from web.api.routing import V1, read, read_list
from web.api.shown import etag, notification_of, referral_of, reply
from web.api.texts import Texts
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
            return self._of_case(actor, given_id(case_id), query)

        def inbox(query: Annotated[ReferralsQuery, Query()], actor: Actor = actor_) -> Any:
            rows, following = self._reads.inbox(actor, query.agency_id, query.status, query.limit, query.cursor)
            items = tuple(ReferralAnswer.model_validate(row) for row in rows)
            return Page[ReferralAnswer](items=items, next_cursor=following)

        def show_referral(referral_id: str, actor: Actor = actor_) -> JSONResponse:
            return self._show(actor, given_id(referral_id))

        def show_notification(notification_id: str, actor: Actor = actor_) -> JSONResponse:
            return self._show_notification(actor, given_id(notification_id))

        def list_notifications(query: Annotated[NotificationsQuery, Query()], actor: Actor = actor_) -> Any:
            rows, following = cut(self._reads.notifications(actor, query.agency_id), query)
            items = tuple(NotificationAnswer.model_validate(row) for row in rows)
            return Page[NotificationAnswer](items=items, next_cursor=following)

        one = f"{V1}/cases/{{case_id}}/referrals"
        told = f"{V1}/notifications"
        return [
            read_list(one, case_referrals, ReferralAnswer, "The referrals of a case"),
            read_list(f"{V1}/referrals", inbox, ReferralAnswer, "Referrals, newest first"),
            read(f"{V1}/referrals/{{referral_id}}", show_referral, ReferralAnswer, "A referral", headers=("ETag",)),
            read_list(told, list_notifications, NotificationAnswer, "What was told by law"),
            read(f"{told}/{{notification_id}}", show_notification, NotificationAnswer, "A mandatory notification"),
        ]

    def _of_case(self, actor: Actor, case_id: str, query: Pages) -> Page[ReferralAnswer]:
        rows, following = cut(self._reads.referrals(actor, case_id), query)
        if not rows:
            self._cases.visible(actor, case_id)
        items = tuple(ReferralAnswer.model_validate(row) for row in rows)
        return Page[ReferralAnswer](items=items, next_cursor=following)

    def _show(self, actor: Actor, referral_id: str) -> JSONResponse:
        row = self._reads.referral(actor, referral_id)
        case = self._reads.facts_of_client(row["case_id"]) if row else None
        if row is None or case is None:
            raise NotFoundError("There is no such referral.")
        open_ = discloses(row, self._now())
        return reply(referral_of(self._texts, actor, row, case, open_=open_), headers=etag(case["revision"]))

    def _show_notification(self, actor: Actor, notification_id: str) -> JSONResponse:
        row = self._reads.notification(actor, notification_id)
        case = self._reads.facts_of_client(row["case_id"]) if row else None
        if row is None or case is None:
            raise NotFoundError("There is no such notification.")
        return reply(notification_of(self._texts, actor, row, case, self._now()))
