"""Every route of the pages."""

from collections.abc import Iterator

from starlette.routing import BaseRoute

from starter.outreach import OutreachBook
from web.api.cases import CaseReading
from web.api.erasures import Erasures
from web.api.links import Linking
from web.api.public_reports import PublicReading
from web.api.records import RecordReading
from web.api.referrals import ReferralReading
from web.api.reporting import Reports
from web.api.sent import SentLetters
from web.letters.issuing import Letters
from web.pages.accounts import AccountPages
from web.pages.auditing import AuditPages
from web.pages.board import Board
from web.pages.bound import BoundPages
from web.pages.case import CasePage
from web.pages.caseload import CaseloadPage
from web.pages.choices import Choices
from web.pages.commanding import Commanding
from web.pages.documents import Documents
from web.pages.doorway import Doorway
from web.pages.erased import ErasedPage
from web.pages.figures import FigurePages
from web.pages.linking import LinkForms
from web.pages.lists import Lists
from web.pages.live import Live
from web.pages.naming import Naming
from web.pages.opening import Opening
from web.pages.outreach import OutreachPages
from web.pages.pathways import PathwayPages
from web.pages.public_reports import PublicReportPages
from web.pages.reference import ReferencePages
from web.pages.register import RegisterPages
from web.pages.report_form import ReportForm
from web.pages.sheets import Sheets
from web.pages.standing import StandingPages
from web.pages.visitor import Entrance
from web.pages.work import Work
from web.sessions import SessionDoor
from web.site import Site


def routes(
    site: Site,
    door: SessionDoor,
    cases: CaseReading,
    referrals: ReferralReading,
    records: RecordReading,
    letters: Letters,
    sent: SentLetters,
    linking: Linking,
    erasures: Erasures,
    public: PublicReading,
    book: OutreachBook,
    reports: Reports,
) -> Iterator[BaseRoute]:
    """Forms before what they are forms of: `/cases/new` is no case, and `/pathways/versions` no category."""
    sheets, naming, choices = Sheets(site, Entrance(door, site.desk.office.lead_agency_id)), Naming(site), Choices(site)
    yield from Doorway(site, sheets).routes()
    yield from Work(site, sheets, naming, book, public).routes()
    yield from OutreachPages(sheets, naming, choices, book).routes()
    yield from Opening(site.cases, sheets, choices).routes()
    yield from ReportForm(site, sheets, public).routes()
    yield from PublicReportPages(site, sheets, naming, choices, public).routes()
    yield from BoundPages(site, sheets, choices, referrals).routes()
    yield from LinkForms(site, sheets, linking).routes()
    yield from Lists(site, sheets, naming, cases, referrals, sent).routes()
    yield from Board(site, sheets, naming, Live(site, door), book, public).routes()
    yield from CaseloadPage(site, sheets, naming).routes()
    yield from FigurePages(site, sheets, naming, reports).routes()
    yield from RegisterPages(sheets, reports).routes()
    yield from AuditPages(site, sheets, naming).routes()
    yield from AccountPages(site, sheets).routes()
    yield from StandingPages(site, sheets).routes()
    yield from PathwayPages(site, sheets, naming).routes()
    yield from ReferencePages(site, sheets, naming).routes()
    yield from Commanding(site, sheets, naming, choices).routes()
    yield from Documents(site, sheets, naming, records, letters).routes()
    yield from ErasedPage(sheets, naming, erasures).routes()
    yield from CasePage(sheets, naming, cases, referrals).routes()
