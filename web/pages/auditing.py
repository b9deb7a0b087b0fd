"""What the auditor looks at: who saw what, the log of each case, the last checkpoint, and how all of it is verified."""

from collections.abc import Iterator
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import ForbiddenError
from casework.models.people import Role
from casework.models.sight import OtherGround, SightKind
from web.api import sights
from web.api.sights import AccessQuery
from web.noting import note
from web.pages.lists import asked, page_after
from web.pages.naming import Naming
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.site import Site

A_PAGE = 50


class AuditPages:
    """The auditor's own page, and the access log, which supervisor and head read as far as it is theirs."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming) -> None:
        self._site = site
        self._log = site.access_log
        self._sheets = sheets
        self._naming = naming

    def routes(self) -> Iterator[BaseRoute]:
        """Two addresses."""
        yield self._sheets.shows("/audit", self._audit)
        yield self._sheets.shows("/access-log", self._seen)

    def _audit(self, visit: Visit) -> Response:
        actor, number = visit.visitor.actor, visit.asked("number").strip().upper()
        if actor.role is not Role.AUDITOR:
            raise ForbiddenError("The logs of cases are read by the auditor.")
        found = self._log.case_of(number) if number else None
        # Of a case with a conflict of interest not even that it is there is told.
        if found and not self._site.desk.access.is_excluded(found, actor.account_id):
            return RedirectResponse(f"/cases/{found}/log", SEE_OTHER)
        note(actor, None, OtherGround.AUDIT)
        told, head = self._log.told(actor), self._log.head()
        return visit.sheet.page("audit.html", told=told, head=head, missing=bool(number))

    def _seen(self, visit: Visit) -> Response:
        actor, query = visit.visitor.actor, asked(AccessQuery, visit)
        page = sights.page(self._site, actor, query.model_copy(update={"limit": min(query.limit, A_PAGE)}))
        own = query.model_dump(mode="json", by_alias=True, exclude={"limit", "cursor"}, exclude_none=True)

        def filtered(**more: str | None) -> str:
            return f"/access-log?{urlencode({name: value for name, value in {**own, **more}.items() if value})}"

        numbers = self._log.numbers({id_ for row in page.items for id_ in row.case_ids})
        return visit.sheet.page(
            "access_log.html",
            page=page,
            query=query,
            kinds=tuple(SightKind),
            numbers=numbers,
            filtered=filtered,
            audits=actor.role is Role.AUDITOR,
            names=self._naming.of(visit, {row.by for row in page.items}),
            following=page_after(visit, page),
        )
