"""From files to pathways: the built-in ones, or a district's own in place of them, each merged with the common one."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from casework.datafile import DataFileError, Problem, parse
from casework.directory.agencies import load_agencies
from casework.models.agency import Agency
from casework.models.pathway import Category, DeadlinePolicy, Pathway, PinnedPathways
from casework.pathways.checks import check_category, check_common
from casework.pathways.files import CategoryFile, CommonFile, DeadlineEntry, PathwayFile
from casework.pathways.ladders import Found

COMMON = "common.toml"
NAMES = (COMMON, *(f"{category}.toml" for category in Category))
F = TypeVar("F", bound=PathwayFile)
Agencies = Mapping[str, Agency]
Files = Mapping[str, bytes]
"""By name."""
NONE: Files = MappingProxyType({})
Read = tuple[CommonFile | None, list[CategoryFile], list[Problem]]


class PathwayFileError(DataFileError):
    """A pathway file that cannot be used: file, place and reason of each problem."""


def load(
    directory: Path | None = None, agencies: Agencies | None = None, activated: Files = NONE
) -> dict[Category, Pathway]:
    """Every pathway. A file of the directory replaces the built-in file of the same name as a whole, and one that was
    activated replaces both.

    Whom the files name must be among the agencies: the built-in ones where none are given. Raises PathwayFileError,
    naming everything wrong in any of the files.
    """
    common, categories, problems = _read(directory, agencies, activated)
    if problems or common is None:
        raise PathwayFileError(problems)
    return {file.category: _merged(file, common) for file in categories}


def check(directory: Path | None = None, agencies: Agencies | None = None, activated: Files = NONE) -> list[Problem]:
    """Everything wrong with these files, or with the built-in ones; empty where `load` takes them."""
    return _read(directory, agencies, activated)[2]


def texts(directory: Path | None = None, activated: Files = NONE) -> dict[str, bytes]:
    """What is read of every file: its text as it was built in, or what replaces it."""
    built_in = {name: _built_in(name) for name in NAMES}
    return {**built_in, **(_of_directory(directory)[0] if directory else {}), **activated}


def file_of(name: str, content: bytes) -> CommonFile | CategoryFile | None:
    """The file as people wrote it; None where it is none."""
    if name == COMMON:
        return parse(name, content, CommonFile)[0]
    return parse(name, content, CategoryFile)[0]


def pin(pathways: Mapping[Category, Pathway], categories: Iterable[Category]) -> PinnedPathways:
    """The pathways a case is opened under, in the order its categories were named, each once."""
    return PinnedPathways(pathways=tuple(pathways[category] for category in dict.fromkeys(categories)))


def _read(directory: Path | None, agencies: Agencies | None, activated: Files) -> Read:
    known = load_agencies() if agencies is None else agencies
    own, problems = _of_directory(directory) if directory else ({}, [])
    own = {**own, **activated}
    common = _common(own, known, problems)
    categories = []
    for category in Category:
        name = f"{category}.toml"
        file = _parsed(name, own, CategoryFile, problems)
        if file is None:
            continue
        found = [("category", f"is `{file.category}` in a file named {name}")] if file.category is not category else []
        problems += _named(name, found)
        if common is not None:
            problems += _named(name, check_category(file, common, known))
        categories.append(file)
    return common, categories, problems


def _common(own: Mapping[str, bytes], agencies: Agencies, problems: list[Problem]) -> CommonFile | None:
    common = _parsed(COMMON, own, CommonFile, problems)
    if common is not None:
        problems += _named(COMMON, check_common(common, agencies))
    return common


def _of_directory(directory: Path) -> tuple[dict[str, bytes], list[Problem]]:
    contents: dict[str, bytes] = {}
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        return contents, [Problem(file=str(directory), where="", reason=f"cannot be read: {error.strerror}")]
    problems = []
    for path in paths:
        if path.suffix != ".toml":
            continue
        if path.name not in NAMES:
            reason = f"is no pathway file; there are {', '.join(NAMES)}"
            problems.append(Problem(file=path.name, where="", reason=reason))
            continue
        try:
            contents[path.name] = path.read_bytes()
        except OSError as error:
            problems.append(Problem(file=path.name, where="", reason=f"cannot be read: {error.strerror}"))
    return contents, problems


def _parsed(name: str, own: Mapping[str, bytes], model: type[F], problems: list[Problem]) -> F | None:
    built_in, found = parse(name, _built_in(name), model)
    if name not in own:
        problems += found
        return built_in
    file, found = parse(name, own[name], model)
    problems += found
    if file is not None and built_in is not None:
        problems += _named(name, _dropped(file, built_in))
    return file


def _built_in(name: str) -> bytes:
    return resources.files("casework.pathways").joinpath(name).read_bytes()


def _dropped(file: PathwayFile, built_in: PathwayFile) -> Iterator[tuple[str, str]]:
    """A district may give a clock another length, but not lose it by leaving it out."""
    kept = {deadline.kind for deadline in file.deadlines}
    for kind in dict.fromkeys(deadline.kind for deadline in built_in.deadlines):
        if kind not in kept:
            yield "deadlines", f"`{kind}` is missing"


def _named(name: str, found: Found | Iterable[tuple[str, str]]) -> list[Problem]:
    return [Problem(file=name, where=where, reason=reason) for where, reason in found]


def _merged(file: CategoryFile, common: CommonFile) -> Pathway:
    findings = {**common.findings, **file.findings}
    return Pathway(
        category=file.category,
        version=file.version + common.version - 1,
        title_id=file.title_id,
        title_en=file.title_en,
        legal_basis=file.legal_basis,
        stages=common.stages,
        matrix=file.matrix,
        special_steps=tuple(entry.step() for entry in (*common.special_steps, *file.special_steps)),
        findings={code: None if adds == "none" else adds for code, adds in findings.items()},
        outcomes=file.outcomes,
        deadlines=_policies((*common.deadlines, *file.deadlines)),
        ladders=tuple(entry.ladder() for entry in common.ladders),
        closure=tuple(entry.condition() for entry in common.closure),
        disclosures=tuple(one for entry in (*file.disclosures, *common.disclosures) for one in entry.policies()),
        tellings=tuple(entry.telling() for entry in common.tellings),
        consents=tuple(entry.band() for entry in common.consents),
        retention=common.retention.policy(),
    )


def _policies(entries: Iterable[DeadlineEntry]) -> tuple[DeadlinePolicy, ...]:
    return tuple(policy for entry in entries for policy in entry.policies())
