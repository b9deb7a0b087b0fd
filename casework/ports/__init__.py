"""What the inside asks of the outside. Adapters keep these promises; rules and workflows never see them.

One module a noun; everything is found here.
"""

from casework.ports.access import Access
from casework.ports.accounts import Accounts
from casework.ports.board import Board, BoardQuery, Caseload, Stalled, Standing, Troubles, Work
from casework.ports.directory import Directory
from casework.ports.event_logs import EventLogs
from casework.ports.files import Documents, Files, FileSealer, FileVault, KeptFile, SealedFile
from casework.ports.intake import CommandIds, Keyed, Queued, Reservation, Reservations
from casework.ports.letters import LetterNumber, Letters
from casework.ports.links import Links
from casework.ports.location import Location, LocationReading, Locations, LocationVault
from casework.ports.outreach import Effects, Followed, Outreaches, OutreachQuery
from casework.ports.pathways import Activations, PathwayVersions
from casework.ports.public_reports import PublicReports
from casework.ports.reads import Reads
from casework.ports.search import ClientIndex, IndexEntries, Spelling, Suspects, Tokens
from casework.ports.sights import AccessLog, SightQuery
from casework.ports.vault import Vault

__all__ = [
    "Access",
    "AccessLog",
    "Accounts",
    "Activations",
    "Board",
    "BoardQuery",
    "Caseload",
    "ClientIndex",
    "CommandIds",
    "Directory",
    "Documents",
    "Effects",
    "EventLogs",
    "FileSealer",
    "FileVault",
    "Files",
    "Followed",
    "IndexEntries",
    "KeptFile",
    "Keyed",
    "LetterNumber",
    "Letters",
    "Links",
    "Location",
    "LocationReading",
    "LocationVault",
    "Locations",
    "OutreachQuery",
    "Outreaches",
    "PathwayVersions",
    "PublicReports",
    "Queued",
    "Reads",
    "Reservation",
    "Reservations",
    "SealedFile",
    "SightQuery",
    "Spelling",
    "Stalled",
    "Standing",
    "Suspects",
    "Tokens",
    "Troubles",
    "Vault",
    "Work",
]
