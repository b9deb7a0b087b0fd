"""What outreach is about, where it may be held and who is told of late promises, as data."""

from functools import cache

from casework.datafile import built_in
from casework.models.outreach import Offering

FILE = "outreach.toml"


@cache
def offering() -> Offering:
    """The code lists and ladders; raises DataFileError where the file is not as it must be."""
    return built_in(__name__, FILE, Offering)
