"""What an office does about one-time links: made and ended on the page of a referral; mailboxes kept on their own."""

from collections.abc import Iterator

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import CaseworkError
from web.api.door import given_id
from web.api.links import Linking, MailboxEntry
from web.api.problems import invalid
from web.pages.commanding import KEY
from web.pages.filled import Form, text
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.pages.typed import Typed
from web.site import Site


class LinkForms:
    """Three forms."""

    def __init__(self, site: Site, sheets: Sheets, linking: Linking) -> None:
        self._agencies = site.agencies
        self._names = {each.id: each.name for each in site.agencies}
        self._sheets = sheets
        self._linking = linking

    def routes(self) -> Iterator[BaseRoute]:
        """Each for who may do the same through the API."""
        yield self._sheets.takes("/referrals/{referral_id}/link", self._make)
        yield self._sheets.takes("/referrals/{referral_id}/link/revocation", self._revoke)
        yield self._sheets.shows("/mailboxes", self._show)
        yield self._sheets.takes("/mailboxes", self._set, self._again)

    async def _make(self, visit: Visit, form: Form) -> Response:
        referral_id, key = given_id(visit.named("referral_id")), text(form, KEY) or None
        await run_in_threadpool(self._linking.make, visit.visitor.actor, referral_id, key)
        return RedirectResponse(f"/referrals/{referral_id}?done=link", SEE_OTHER)

    async def _revoke(self, visit: Visit, form: Form) -> Response:
        referral_id = given_id(visit.named("referral_id"))
        await run_in_threadpool(self._linking.revoke, visit.visitor.actor, referral_id)
        return RedirectResponse(f"/referrals/{referral_id}?done=unlink", SEE_OTHER)

    def _show(self, visit: Visit) -> Response:
        agency_id = visit.asked("agency_id")
        self._linking.check_keeper(visit.visitor.actor)
        kept = self._linking.mailbox(visit.visitor.actor, given_id(agency_id)) if agency_id else None
        begins = {"address": kept.address, "language": kept.language, "safe": "yes" * kept.safe} if kept else {}
        return self._form(visit, Typed.blank({"agency_id": agency_id, **begins}))

    async def _set(self, visit: Visit, form: Form) -> Response:
        self._linking.check_keeper(visit.visitor.actor)
        agency_id = text(form, "agency_id")
        try:
            entry = _entry(form)
            await run_in_threadpool(self._linking.set_mailbox, visit.visitor.actor, given_id(agency_id), entry)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"/mailboxes?agency_id={agency_id}&done=mailbox", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        self._linking.check_keeper(visit.visitor.actor)
        return self._form(visit, Typed(form), Refused.of(error, form, visit.sheet.language))

    def _form(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        shown = {"typed": typed, "refused": refused, "agencies": self._agencies, "done": bool(visit.asked("done"))}
        shown |= {"kept": self._linking.mailboxes(visit.visitor.actor), "names": self._names}
        return visit.sheet.page("mailboxes.html", refused.status, **shown)


def _entry(form: Form) -> MailboxEntry:
    sent = {
        "address": text(form, "address"),
        "language": text(form, "language") or "id",
        "safe": bool(form.get("safe")),
    }
    try:
        return MailboxEntry.model_validate(sent)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
