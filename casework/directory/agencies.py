"""The agencies of an office, from `agencies.toml` or a file of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

from casework.datafile import DataFileError, Problem, key_path, parse
from casework.models.agency import Agency
from casework.models.base import Model
from casework.models.pathway import Service

AGENCIES_FILE = "agencies.toml"
NATIONAL, SUBDISTRICT_HEAD, CROSS_PROVINCE = "national_office", "subdistrict_head", "cross_province"
ABOVE: Mapping[str, tuple[str, ...]] = {
    "coordinator": ("regional_secretariat",),
    SUBDISTRICT_HEAD: ("subdistrict",),
    "province": ("province_office",),
    NATIONAL: ("hotline", "national_office"),
}
"""Rungs of a ladder above the office, and the kinds of agencies behind each, the preferred one first."""


class AgencyFileError(DataFileError):
    """An agency file that cannot be used: file, place and reason of each problem."""


class AgencyFile(Model):
    """`agencies.toml`."""

    agencies: tuple[Agency, ...]


class StaticAgencyDirectory:
    """A directory that was loaded once and does not change."""

    def __init__(self, agencies: Mapping[str, Agency]) -> None:
        self._agencies = dict(agencies)

    def get(self, agency_id: str) -> Agency | None:
        """The agency of an id."""
        return self._agencies.get(agency_id)

    def giving(self, service: Service) -> tuple[Agency, ...]:
        """The agencies that give a service, in the order of the file."""
        return tuple(agency for agency in self if service in agency.services)

    def __iter__(self) -> Iterator[Agency]:
        return iter(self._agencies.values())


def load_agencies(path: Path | None = None) -> dict[str, Agency]:
    """The agencies by id, in the order of the file; the built-in ones where no file is given.

    Raises AgencyFileError, naming everything wrong in the file.
    """
    name, content = _content(path)
    parsed, problems = parse(name, content, AgencyFile)
    if parsed is not None:
        found = _checked(parsed.agencies)
        problems = [Problem(file=name, where=where, reason=reason) for where, reason in found]
    if parsed is None or problems:
        raise AgencyFileError(problems)
    return {agency.id: agency for agency in parsed.agencies}


def above(agencies: Iterable[Agency], lead: Agency | None = None) -> dict[str, str]:
    """The agency behind each rung above the office, by its id; a rung without one is left out.

    What is outside this district, or of another province than the lead office, stands behind the national office alone.
    """
    known = tuple(agency for agency in agencies if not _elsewhere(agency, lead))
    found = {rung: _behind(rung, kinds, known) for rung, kinds in ABOVE.items()}
    return {rung: agency.id for rung, agency in found.items() if agency}


def heads(agencies: Iterable[Agency]) -> dict[str, str]:
    """The subdistrict that each agency stands under, by its id; those that stand under none are left out."""
    known = {agency.id: agency for agency in agencies}
    found = {id_: next(_subdistricts(agency, known), None) for id_, agency in known.items()}
    return {id_: subdistrict for id_, subdistrict in found.items() if subdistrict}


def ladders(agencies: Iterable[Agency], lead: Agency | None = None) -> dict[str, str]:
    """The agencies that climb another ladder than `agency`: their own, or that of another province than the lead's."""
    own = {each.id: CROSS_PROVINCE if _elsewhere(each, lead) else each.ladder for each in agencies}
    return {id_: ladder for id_, ladder in own.items() if ladder != "agency"}


def _elsewhere(agency: Agency, lead: Agency | None) -> bool:
    """Whether it is of another province; who serves the whole nation is of none."""
    return lead is not None and None not in (lead.province, agency.province) and agency.province != lead.province


def _subdistricts(agency: Agency, known: Mapping[str, Agency]) -> Iterator[str]:
    above_it = known.get(agency.parent_id or "")
    while above_it:
        if above_it.kind in ABOVE[SUBDISTRICT_HEAD]:
            yield above_it.id
        above_it = known.get(above_it.parent_id or "")


def _behind(rung: str, kinds: Sequence[str], agencies: Sequence[Agency]) -> Agency | None:
    fitting = [each for each in agencies if each.kind in kinds and (rung == NATIONAL or not each.outside)]
    return min(fitting, key=lambda agency: kinds.index(agency.kind), default=None)


def _content(path: Path | None) -> tuple[str, bytes]:
    if path is None:
        return AGENCIES_FILE, resources.files("casework.directory").joinpath(AGENCIES_FILE).read_bytes()
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise AgencyFileError(
            [Problem(file=str(path), where="", reason=f"cannot be read: {error.strerror}")]
        ) from error


def _checked(agencies: Sequence[Agency]) -> Iterator[tuple[str, str]]:
    parents = {agency.id: agency.parent_id for agency in agencies}
    if not any(agency.leads for agency in agencies):
        yield "agencies", "none of them leads cases"
    for index, agency in enumerate(agencies):
        if any(agency.id == other.id for other in agencies[:index]):
            yield key_path(("agencies", index, "id")), f"`{agency.id}` is there already"
        if len(set(agency.services)) != len(agency.services):
            yield key_path(("agencies", index, "services")), "a service is named twice"
        if agency.parent_id is not None and agency.parent_id not in parents:
            yield key_path(("agencies", index, "parent_id")), f"there is no agency `{agency.parent_id}`"
        elif _circular(agency.id, parents):
            yield key_path(("agencies", index, "parent_id")), "leads back to the agency itself"


def _circular(agency_id: str, parents: Mapping[str, str | None]) -> bool:
    above = parents[agency_id]
    for _ in parents:
        if above is None or above == agency_id:
            break
        above = parents.get(above)
    return above == agency_id
