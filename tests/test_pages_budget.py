"""No page asks the database more often, or weighs more, because there are many cases."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.models.people import Role
from casework.rules.step import RULES
from tests.crowd import Crowd, crowd
from tests.matrix import FORMS, PAGES, STANDS
from tests.test_pages import LATER_PAGE
from tests.test_pages_board import counted
from web.pages.commanding import BY_ASKING

COUNT = 2_000
READERS = {"supervisor": "supervisor", "administrator": "administrator", "auditor": "auditor", "told": "police"}
"""Who opens a page: the first whom the matrix allows it, by their stand."""
ITS_OWN = {"/": "caseworker", "/referrals": "hospital", "/referrals/{referral_id}": "hospital", "/audit": "auditor"}
"""Pages that somebody else opens every day."""
NO_PAGE = (
    "/public-reports/poster",
    "/stalled/events",
    "/cases/{case_id}/documents/{document_id}",
    "/referrals/{referral_id}/letters/{letter_id}",
    "/link",
    "/link/do/{asks}",
)
"""A stream, a file to be saved, and what is asked with the cookie of a one-time link."""
MOST = 7
"""Statements: the session, what is shown, names, and the note of what was seen."""
FEWER = {"/stalled": 6, "/stalled/rows": 4, "/caseload": 5, "/cases": 4, "/referrals": 3, "/notifications": 4}
MORE = {"/": 8, "/cases/{case_id}": 12, "/cases/{case_id}/documents": 10, "/outreach": 10}
"""My work with promises and reports of the public; a case with its outlook, referrals and log; its files with what
letters may be written about; what was done, with its sums, what followed, and what is late."""


@pytest.fixture(scope="module")
async def many() -> AsyncIterator[Crowd]:
    async with crowd(COUNT) as one:
        yield one


OF_DAYS = ("/figures", "/figures/{chapter}", "/figures/{figure_id}/cases", "/register")
DAYS = "?from={from}&to={to}"


def asked() -> Iterator[tuple[str, str, int]]:
    """Every page that is shown, and every form: who opens it, where, and by how many statements at most."""
    for (method, path), access in PAGES.items():
        if method == "GET" and not access.public and path not in NO_PAGE:
            who = next((READERS[stand] for stand in READERS if stand in access.may), "supervisor")
            days = DAYS if path in OF_DAYS else ""
            yield ITS_OWN.get(path, who), path + days, {**FEWER, **MORE}.get(path, MOST)
    for asks, row in BY_ASKING.items():
        place = next((each for each in FORMS if f"/{row.subject}s/" in each and "hold_id" not in each), FORMS[1])
        decides = "supervisor" if Role.SUPERVISOR in RULES[row.taken].roles else "head"
        yield "police" if row.subject == "notification" else decides, place.replace("{asks}", asks), MOST + 1


EVERY = {f"{path} {who}": (who, path, most) for who, path, most in asked()}


@pytest.mark.parametrize("name", EVERY, ids=list(EVERY))
async def test_a_page_takes_few_statements_and_is_light(many: Crowd, name: str) -> None:
    """However many cases there are: of each list a page is read."""
    who, path, most = EVERY[name]
    where = path.format_map(many.known)
    with counted(many.app) as statements:
        answer = await many.opens(who, where)

    assert answer.status_code == 200, answer.text
    assert len(statements) <= most, statements
    assert len(answer.content) < LATER_PAGE


def test_no_page_notes_more_than_it_shows(many: Crowd) -> None:
    """Or a list would be counted as all that is behind it; each of the three lists of my work is forty lines."""
    with reading(many.app.outside.engine, ENGINE) as connection:
        noted = connection.execute(text("SELECT max(cardinality(case_ids)) FROM access_log")).scalar_one()
    assert 0 < noted <= 3 * 41


def test_everybody_of_the_table_is_somebody_of_the_matrix() -> None:
    """Or nobody would open their pages."""
    assert READERS.keys() <= STANDS.keys()
