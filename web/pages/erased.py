"""The page of a case that was erased: its certificate."""

from collections.abc import Iterator

from starlette.responses import Response
from starlette.routing import BaseRoute

from web.api.door import given_id
from web.api.erasures import Erasures
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit


class ErasedPage:
    """What is left of a case, for who decides in its office."""

    def __init__(self, sheets: Sheets, naming: Naming, erasures: Erasures) -> None:
        self._sheets = sheets
        self._naming = naming
        self._erasures = erasures

    def routes(self) -> Iterator[BaseRoute]:
        """One address."""
        yield self._sheets.shows("/cases/{case_id}/certificate", self._show)

    def _show(self, visit: Visit) -> Response:
        certificate = self._erasures.certificate(visit.visitor.actor, given_id(visit.named("case_id")))
        return visit.sheet.page("certificate.html", certificate=certificate, names=self._naming.of(visit))
