"""What is kept besides: files, and where the client is now."""

from datetime import datetime

from casework.commands import AddDocument, Order, SetLocation
from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.codes import DocumentKind
from casework.models.state import CaseState
from casework.rules.opening import problem
from casework.rules.step import CASEWORK, Step, rule


@rule(AddDocument, CASEWORK)
def add_document(state: CaseState, order: Order[AddDocument], now: datetime) -> Step:
    """Keep a file; of a forensic report only the number is kept, as a milestone."""
    check_kind(order.body.kind)
    if order.document is None:
        raise InvalidInputError("Send a file.", errors=[problem("/file", "missing", "The file itself.")])
    return Step(state, EventKind.DOCUMENT_ADDED, subject_id=order.document.id)


def check_kind(kind: DocumentKind) -> None:
    """Refuse what is never taken as a file."""
    if kind is DocumentKind.VISUM:
        instead = "Record its number: record_milestone with kind visum_made."
        errors = [problem("/kind", "not_taken", instead)]
        raise InvalidInputError("The content of a forensic report is never taken.", errors=errors)


@rule(SetLocation, CASEWORK)
def set_location(state: CaseState, order: Order[SetLocation], now: datetime) -> Step:
    """Keep where the client is now; where the client was before stays sealed, and is read no more."""
    if not (order.has_text("/name") or order.has_text("/address")):
        raise InvalidInputError(
            "Say where.", errors=[problem("/address", "missing", "an address, or a name of the place")]
        )
    return Step(state, EventKind.LOCATION_SET)
