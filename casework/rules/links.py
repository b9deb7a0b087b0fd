"""One-time links: how long they live, and whom they are made for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from casework.errors import AlreadyDecidedError, LinkNotAllowedError
from casework.models.notice import Contact
from casework.rules.contacting import unfit
from casework.rules.disclosing import WORKING

LIVES = timedelta(hours=48)
"""From its making until it is opened."""
OPEN_FOR = timedelta(minutes=30)
"""From its opening on: time enough to read, and to ask a colleague."""


def check_link(referral: Mapping[str, Any], mailbox: Contact | None, now: datetime, *, accounts: bool) -> None:
    """Raise where no link may be made: its referral is over, its agency signs in or has no mailbox to be used."""
    if referral["status"] not in WORKING:
        raise AlreadyDecidedError(f"The referral is `{referral['status']}`: nothing is to be answered.")
    if accounts:
        raise LinkNotAllowedError("The agency has accounts: its officers sign in.")
    if mailbox is None:
        raise LinkNotAllowedError("The agency has no mailbox. A supervisor or administrator enters it.")
    if reason := unfit(mailbox, now, shared=False):
        raise LinkNotAllowedError(f"The agency's mailbox may not be used: `{reason}`. Enter it again to confirm it.")
