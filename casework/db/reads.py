"""Everything pages, API and command line read."""

from casework.db.reads_board import BoardReads
from casework.db.reads_cases import CaseReads
from casework.db.reads_certificates import CertificateReads
from casework.db.reads_consents import ConsentReads
from casework.db.reads_figures import FigureReads
from casework.db.reads_load import LoadReads
from casework.db.reads_log import LogReads
from casework.db.reads_referrals import ReferralReads
from casework.db.reads_work import WorkReads


class SqlReads(
    CertificateReads, ConsentReads, CaseReads, BoardReads, FigureReads, LoadReads, LogReads, ReferralReads, WorkReads
):
    """Keeps the promises of `ports.Reads`."""
