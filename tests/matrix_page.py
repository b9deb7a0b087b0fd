"""The access matrix as a page for people: `python -m tests.matrix_page` writes `docs/access.md`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests import matrix
from tests.matrix import EVERYBODY, FORMS, NOBODY, PAGES, ROUTES, STANDS, Access, Names

PATH = Path(__file__).parent.parent / "docs" / "access.md"
ROLE_WORDS = {"agency_officer": "agency officer"}
GROUPS: tuple[tuple[str, Names, str], ...] = (
    ("everybody", EVERYBODY, "whoever has signed in"),
    ("sees", matrix.SEES, "who knows that there is the case"),
    ("sees the referral", matrix.SEES_REFERRAL, "who knows of the referral"),
    ("sees the notification", matrix.SEES_NOTIFICATION, "who knows of what was told by law"),
    ("reads", matrix.READS, "who reads the content of the case"),
    ("opening", matrix.OPENING, "whose role opens cases"),
    ("keepers", matrix.KEEPERS, "supervisors, heads and administrators, of whichever office"),
    ("working", matrix.WORKING, "caseworkers, supervisors and heads, of whichever office"),
    ("deciding", matrix.DECIDING, "supervisors and heads, of whichever office"),
    ("office", matrix.OFFICE, "of the office of the case, who works on it"),
    ("decides", matrix.DECIDES, "of the office of the case, who decides on it"),
    ("glass", matrix.GLASS, "who has broken the glass and whose hour runs"),
    ("offered", matrix.OFFERED, "of the office that the case is offered to"),
    ("asked", matrix.ASKED, "agencies that a referral was sent to, each of the own one"),
    ("systems", matrix.SYSTEMS, "hotlines and other machines"),
)
HEAD = """# Who may what

Every route of the API, every page, and every stand that one can have towards a case. This page is made of
`tests/matrix.py` by `python -m tests.matrix_page`; `tests/test_matrix.py` asks everybody everything, and fails where
the product answers otherwise, where a route has no line here, and where this page is not up to date.

- **Served**: gets an answer. Of a command this says that role and stand allow it; its stage, four eyes and what else is
  a matter of the case are asked after that.
- **Refused with 403**: knows that the thing is there, and may not do this.
- **Everybody else** is told 404, to the letter as of a thing that is not there. What is refused leaves nothing but a
  row in the access log.
- **An exclusion** for conflict of interest beats every stand: about that case whoever is excluded is *everybody else*.
- Without a live token the API answers 401 to everything but what is open to everyone; a page leads to its door.
"""


def page() -> str:
    """The page."""
    return "\n".join([HEAD, *_stands(), *_groups(), *_routes(), *_pages()]) + "\n"


def _stands() -> Iterator[str]:
    yield from ("## Stands", "", "| Stand | Role | Who |", "|---|---|---|")
    for name, stand in STANDS.items():
        yield f"| {name} | {ROLE_WORDS.get(stand.role, stand.role)} | {stand.what} |"
    yield ""


def _groups() -> Iterator[str]:
    yield from ("## Several at once", "", "| Name | Who | Stands |", "|---|---|---|")
    for name, members, words in GROUPS:
        listed = ", ".join(each for each in STANDS if each in members) if members != EVERYBODY else "all"
        yield f"| **{name}** | {words} | {listed} |"
    yield ""


def _routes() -> Iterator[str]:
    yield from ("## The API", "")
    yield from _table(ROUTES)


def _pages() -> Iterator[str]:
    yield from ("## Pages", "", "No page is for systems: they have no session.", "")
    yield from _table(PAGES)
    listed = ", ".join(f"`{path}`" for path in FORMS)
    yield f"Forms: {listed}. A form is seen and sent by who may give its command through the API, and by nobody else."


def _table(entries: Mapping[tuple[str, str], Access]) -> Iterator[str]:
    yield from ("| Route | Served | Refused with 403 | Names the case to | |", "|---|---|---|---|---|")
    for (method, path), access in entries.items():
        if access.public:
            yield f"| `{method} {path}` | {access.note or 'everyone, signed in or not'} | | | |"
            continue
        named = "" if access.names == NOBODY or access.may <= access.names else words(access.names)
        told = words(access.knows - access.may)
        yield f"| `{method} {path}` | {words(access.may)} | {told} | {named} | {access.note} |"
    yield ""


def words(names: Names) -> str:
    """Stands in few words: whole groups by their name, the largest first; or all but some."""
    missing = EVERYBODY - names
    if names and len(missing) <= 2:
        return "**everybody**" + (f" but {', '.join(_ordered(missing))}" if missing else "")
    found, left = [], names
    for name, members, _ in GROUPS:
        if members <= left:
            found.append(f"**{name}**")
            left -= members
    return ", ".join([*found, *_ordered(left)])


def _ordered(names: Iterable[str]) -> list[str]:
    given = set(names)
    return [name for name in STANDS if name in given]


if __name__ == "__main__":
    PATH.write_text(page())
