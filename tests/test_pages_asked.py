"""Pages as they answer, asked without a browser: what a page says, to whom, and by how many statements."""

import re
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from casework import commands as c
from casework.ids import new_id
from casework.models.checkpoint import Attested
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.pathway import Category, PathwayVersion
from casework.models.people import Role
from casework.pathways import load
from casework.pathways.in_force import InForce
from casework.ports import Keyed
from casework.signin.ports import Session
from starter.cli.demonstration import accounts_of
from tests.stack import LEAD, PASSWORD, Stack
from tests.test_pages import LATER_PAGE
from tests.test_pages_board import counted
from tests.test_walk import assessed, walk_in
from web.sessions import COOKIE, csrf_of

TYPED = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Reader:
    """Somebody who has signed in, and asks for pages."""

    client: httpx.AsyncClient
    session: Session

    async def opens(self, path: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path, headers=self._cookie)

    async def sends(self, path: str, fields: Mapping[str, str], token: str | None = None) -> httpx.Response:
        """A form, with the token of the session or another one."""
        form = {"csrf": csrf_of(self.session) if token is None else token, **fields}
        return await self.client.post(path, content=urlencode(form), headers={**self._cookie, **TYPED})

    @property
    def _cookie(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.session.secret}", "accept-language": "id"}


@dataclass(frozen=True)
class Pages:
    """The application in this process, with everybody of the demonstration."""

    app: Stack
    client: httpx.AsyncClient

    def reader(self, username: str) -> Reader:
        """One of them, with a session of their own."""
        account = self.app.outside.accounts.by_username(username)
        assert account is not None
        return Reader(self.client, self.app.site.signin.sessions.begin(account, None))


@pytest.fixture(scope="module")
async def pages(app: Stack) -> AsyncIterator[Pages]:
    for username, (role, agency_id) in accounts_of(LEAD).items():
        if role is not Role.SYSTEM:
            app.actor(username, role, agency_id)
    transport = httpx.ASGITransport(app.web())
    async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
        yield Pages(app, client)


@pytest.fixture(scope="module")
async def case_id(app: Stack, pages: Pages) -> str:
    """A case of which a colleague was reminded of one of its deadlines."""
    one = await assessed(app)
    standing = app.outside.reads.standing(app.supervisor, one)
    assert standing is not None
    clock = next(each for each in standing.deadlines if each.kind == "plan")
    await app.cases.send_reminder(app.ask(app.supervisor, one), c.SendReminder(deadline_id=clock.id))
    return one


def said(answer: httpx.Response) -> str:
    """The words of a page."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


# ---- forms of a page that is old


async def test_a_form_of_an_old_page_is_shown_again_as_it_was_typed(pages: Pages, case_id: str) -> None:
    """With the token of the session that there is now; nothing is recorded until it is sent again, and then it is."""
    before, now = pages.reader("supervisor"), pages.reader("supervisor")
    path = f"/cases/{case_id}/do/record_review"
    typed = {"risk": "high", "note": "Dibaca & disetujui", "key": "one-key"}
    rows = len(pages.app.log(case_id))

    answer = await now.sends(path, typed, csrf_of(before.session))
    assert answer.status_code == 403
    assert "sesi yang sudah berakhir" in answer.text
    assert "Dibaca &amp; disetujui" in answer.text
    assert f'value="{csrf_of(now.session)}"' in answer.text
    assert 'name="key" value="one-key"' in answer.text
    assert len(pages.app.log(case_id)) == rows

    assert (await now.sends(path, typed)).status_code == 303
    assert len(pages.app.log(case_id)) == rows + 1


async def test_no_old_page_shows_a_form_to_who_may_not_send_it(pages: Pages, case_id: str) -> None:
    """It is asked who may before anything is shown."""
    for username, status in (("supervisor2", 404), ("caseworker", 403)):
        answer = await pages.reader(username).sends(f"/cases/{case_id}/do/record_review", {"note": "x"}, "old")
        assert (username, answer.status_code) == (username, status)
        assert "<textarea" not in answer.text


# ---- the log of a case


async def test_the_log_names_people_and_the_deadline(pages: Pages, case_id: str) -> None:
    """A colleague by name, to the office and to the auditor; no id stands where a person reads a name."""
    for username, path in (("supervisor", f"/cases/{case_id}"), ("auditor", f"/cases/{case_id}/log")):
        answer = await pages.reader(username).opens(path)
        words = said(answer)
        assert "Pengingat dikirim: Rencana intervensi" in words
        assert pages.app.actors["supervisor"].account_id not in words
        assert "supervisor" in words


# ---- what the auditor looks at


async def test_the_auditor_finds_a_log_by_its_number_and_what_to_look_for_in_it(pages: Pages, case_id: str) -> None:
    """By kind and by person; a number that nobody has is said."""
    auditor = pages.reader("auditor")
    case = pages.app.outside.reads.case(pages.app.actors["supervisor"], case_id)
    assert case is not None
    found = await auditor.opens(f"/audit?number={case['number']}")
    assert found.headers["location"] == f"/cases/{case_id}/log"
    assert "Tidak ada kasus" in (await auditor.opens("/audit?number=OKUS-1999-1")).text

    reminded = await auditor.opens(f"/cases/{case_id}/log?kind=ReminderSent")
    assert reminded.text.count("<tr><td>") == 1
    nobody = await auditor.opens(f"/cases/{case_id}/log?account_id=nobody")
    assert "<table>" not in nobody.text
    assert (await auditor.opens(f"/cases/{case_id}/log?limit=2")).text.count("cursor=") == 1


async def test_the_access_log_names_people_and_cases_and_is_read_in_pages(pages: Pages, case_id: str) -> None:
    """Newest first, by case, person and what became of it; who reads it stands in it."""
    await pages.reader("head").opens(f"/cases/{case_id}")
    await pages.reader("supervisor2").opens(f"/cases/{case_id}")
    auditor, of_case = pages.reader("auditor"), f"/access-log?case_id={case_id}"
    words = said(await auditor.opens(of_case))
    case = pages.app.outside.reads.case(pages.app.actors["supervisor"], case_id)
    assert case is not None
    assert all(word in words for word in ("head", "supervisor2", "kasus kantor sendiri", "ditolak", case["number"]))

    refused = (await auditor.opens(f"{of_case}&kind=refused")).text
    assert "supervisor2" in refused
    assert ">head<" not in refused
    assert (await auditor.opens(f"{of_case}&limit=1")).text.count("cursor=") == 1
    assert "pemeriksaan" in said(await auditor.opens(of_case))
    others = said(await pages.reader("supervisor").opens(of_case))
    assert "supervisor2" not in others
    assert "head" in others


async def test_the_last_checkpoint_is_the_one_that_the_auditor_was_told_of(pages: Pages) -> None:
    """None before; then its number and root. Nothing is said of a verification."""
    assert "Belum ada yang diberitahukan" in (await pages.reader("auditor").opens("/audit")).text
    auditor = pages.app.actors["auditor"].account_id
    for number in (3, 4):
        told = Attested(number=number, at=datetime.now(UTC), rows=7, root=f"root{number}", signature="s")
        recipient, id_ = Recipient(account_id=auditor), f"checkpoint.{number}.{auditor}"
        pages.app.outside.notices.queue(
            [Notice(id=id_, kind=NoticeKind.CHECKPOINT, recipient=recipient, checkpoint=told, created_at=told.at)]
        )
    answer = await pages.reader("auditor").opens("/audit")
    assert "root4" in answer.text
    assert "root3" not in answer.text
    assert "tidak memverifikasi apa pun" in answer.text


# ---- all of them


@pytest.mark.parametrize(
    ("username", "path", "most"),
    [
        ("auditor", "/audit", 4),
        ("auditor", "/access-log", 5),
        ("auditor", "/cases/{case_id}/log", 6),
        ("administrator", "/accounts", 2),
        ("administrator", "/agencies", 2),
        ("administrator", "/calendar", 1),
    ],
)
async def test_a_page_is_light_and_takes_few_statements(
    pages: Pages, case_id: str, username: str, path: str, most: int
) -> None:
    """The session, what is shown, the names, and the note that it was."""
    reader = pages.reader(username)
    with counted(pages.app) as statements:
        answer = await reader.opens(path.format(case_id=case_id))
    assert (path, answer.status_code) == (path, 200)
    assert len(statements) <= most, statements
    assert len(answer.content) < LATER_PAGE


# ---- what the administrator looks at


async def test_an_absence_is_entered_with_who_stands_in(pages: Pages) -> None:
    """Refused, it is shown again as typed; taken, it stands in the list. Of another office nobody finds the form."""
    account = pages.app.actors["caseworker2"].account_id
    deputy = pages.app.actors["supervisor"].account_id
    form, administrator = f"/accounts/{account}/absence", pages.reader("administrator")
    typed = {"from": "2031-06-02T08:00", "until": "2031-06-01T08:00", "deputy_id": deputy, "key": "absent"}

    refused = await administrator.sends(form, typed)
    assert refused.status_code == 422
    assert "2031-06-02T08:00" in refused.text
    assert "harus setelah permulaannya" in refused.text
    taken = await administrator.sends(form, {**typed, "until": "2031-06-09T08:00"})
    assert taken.headers["location"] == "/accounts?done=set_absence"
    words = said(await administrator.opens("/accounts?done=set_absence"))
    assert "Ketidakhadiran dicatat." in words
    assert "9 Jun 2031" in words
    assert (await pages.reader("supervisor2").opens(form)).status_code == 404


async def test_an_account_is_disabled_and_enabled_and_what_was_open_ends_at_once(pages: Pages) -> None:
    """Session and token end, and do not live again with the account; one button sent twice does one thing."""
    leaver = pages.app.actor("leaver", Role.CASEWORKER)
    accounts, administrator = pages.app.outside.accounts, pages.reader("administrator")
    form, mine = f"/accounts/{leaver.account_id}/standing", pages.reader("leaver")
    token, _ = accounts.issue_token(leaver.account_id, 3600)
    assert (await mine.opens("/")).status_code == 200

    assert ">Nonaktifkan<" in (await administrator.opens(form)).text
    done = await administrator.sends(form, {"to": "disable", "key": "leaves"})
    assert done.headers["location"] == "/accounts?done=disable"
    assert "Akun sudah dinonaktifkan." in said(await administrator.opens("/accounts?done=disable"))
    assert (await mine.opens("/")).headers["location"] == "/sign-in"
    assert accounts.of_token(token) is None
    assert accounts.sign_in("leaver", PASSWORD) is None

    assert ">Aktifkan<" in (await administrator.opens(form)).text
    await administrator.sends(form, {"to": "enable", "key": "is back"})
    await administrator.sends(form, {"to": "disable", "key": "leaves"})
    assert accounts.sign_in("leaver", PASSWORD) is not None
    assert (await mine.opens("/")).headers["location"] == "/sign-in"
    assert accounts.of_token(token) is None


async def test_nobody_disables_themselves_or_another_offices_account(pages: Pages) -> None:
    """Nor does anybody but an administrator, nor anything that is neither; the accounts stay as they are."""
    own, other = (pages.app.actors[name].account_id for name in ("administrator", "supervisor2"))
    for username, account, to, status in (
        ("administrator", own, "disable", 403),
        ("administrator", other, "disable", 404),
        ("supervisor", own, "disable", 403),
        ("administrator", pages.app.actors["head"].account_id, "remove", 422),
    ):
        answer = await pages.reader(username).sends(f"/accounts/{account}/standing", {"to": to})
        assert (username, to, answer.status_code) == (username, to, status)
    listed = (await pages.reader("administrator").opens("/accounts")).text
    assert "dinonaktifkan" not in listed
    assert f"/accounts/{own}/standing" not in listed
    assert "/standing" not in (await pages.reader("supervisor").opens("/accounts")).text


async def test_the_rules_are_shown_as_they_are_loaded(pages: Pages) -> None:
    """Every deadline of a category with its length and ladder, every agency, every holiday of two years."""
    reader, office = pages.reader("administrator"), pages.app.site.desk.office
    for category, pathway in office.pathways.items():
        answer = await reader.opens(f"/pathways/{category}")
        assert answer.text.count('<th scope="row">') == len(pathway.deadlines)
        assert answer.text.count("<h3 id=") == len(pathway.ladders)
        assert len(answer.content) < LATER_PAGE, category
    agencies = await reader.opens("/agencies")
    assert all(each.name in unescape(agencies.text) for each in pages.app.site.agencies)
    assert len(agencies.content) < LATER_PAGE
    assert "Jumat, 1 Januari 2027" in (await reader.opens("/calendar")).text or office.now().year != 2026


# ---- new versions of the rules


def changed(pages: Pages, file: str, *replaced: tuple[str, str]) -> tuple[str, int]:
    """What is in force of a file, with another number and other texts in it; and the number."""
    book, name = pages.app.site.rulebook, f"{file}.toml"
    number = book.files()[name] + 1
    text = book.in_force.texts()[name].decode().replace(f"version = {number - 1}", f"version = {number}", 1)
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    return text, number


async def uploaded(pages: Pages, file: str, text: str, key: str = "") -> str:
    """The address of a version that was taken."""
    fields = {"content": text, **({"key": key} if key else {})}
    taken = await pages.reader("administrator").sends(f"/pathways/files/{file}", fields)
    assert taken.status_code == 303, said(taken)
    return taken.headers["location"]


async def pinned(pages: Pages) -> dict[str, int]:
    """The versions that a case is opened under now."""
    app = pages.app
    case_id = (await app.cases.open(app.ask(app.caseworker), walk_in())).case_id
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None
    return dict(row["pathways"])


async def test_a_version_that_is_wrong_is_refused_by_name_and_leaves_nothing(pages: Pages) -> None:
    """By line or key, with what was typed; of bytes that are no text, of no file, and of a number that is not above."""
    administrator, book = pages.reader("administrator"), pages.app.site.rulebook
    before = book.versions.listed()
    text, number = changed(pages, "child_violence")
    form = "/pathways/files/child_violence"
    for content, named in (
        ("version = =", "child_violence.toml: line 1, column"),
        (text + "\nmore = 1\n", "child_violence.toml: "),
        (text.replace(f"version = {number}", f"version = {number - 1}", 1), "version: is not above"),
        (text.replace('category = "child_violence"', 'category = "trafficking"'), "child_violence.toml: category"),
        ("", "is missing"),
    ):
        answer = await administrator.sends(form, {"content": content})
        assert (named, answer.status_code) == (named, 422)
        assert named in said(answer)
        assert f">\n{content}</textarea>" in unescape(answer.text)
    assert (await administrator.opens("/pathways/files/facts")).status_code == 404
    assert book.versions.listed() == before


async def test_new_cases_follow_what_was_activated_and_others_keep_theirs(pages: Pages, case_id: str) -> None:
    """Compared in words, activated by a second step, at once in every process, with who, when and which."""
    administrator, app = pages.reader("administrator"), pages.app
    elsewhere, before = InForce(None, app.outside.pathways), await pinned(pages)
    kept = app.outside.reads.case(app.supervisor, case_id)
    text, number = changed(pages, "sexual_violence", ("UU 12/2022", "UU 12/2022 (diubah)"))
    address = await uploaded(pages, "sexual_violence", text, "one-key")
    assert await uploaded(pages, "sexual_violence", text, "one-key") == address
    assert await pinned(pages) == before

    shown = await administrator.opens(address)
    words = said(shown)
    assert all(word in words for word in ("ditambah", "(diubah)", "kasus terbuka", sha256(text.encode()).hexdigest()))
    assert len(shown.content) < LATER_PAGE
    (after,) = re.findall(r'name="after" value="(\d+)"', shown.text)
    done = await administrator.sends(address, {"do": "activate", "after": after})
    assert done.headers["location"] == "/pathways/versions?done=activated"

    assert (await pinned(pages))["sexual_violence"] == before["sexual_violence"] + 1
    assert elsewhere()[Category.SEXUAL_VIOLENCE].version == before["sexual_violence"] + 1
    assert app.outside.reads.case(app.supervisor, case_id) == kept
    listed = said(await administrator.opens("/pathways/versions?done=activated"))
    assert "Versi sudah diaktifkan" in listed
    assert f"sexual_violence.toml versi {number} administrator" in listed
    assert "(diubah)" in said(await administrator.opens("/pathways/sexual_violence"))
    again = await administrator.sends(address, {"do": "discard"})
    assert again.status_code == 409


async def test_what_was_compared_with_something_else_is_not_activated(pages: Pages) -> None:
    """It is shown anew beside what is in force; whoever presses twice or at the same instant activates once."""
    administrator, versions = pages.reader("administrator"), pages.app.outside.pathways
    first, second = [
        await uploaded(pages, file, changed(pages, file)[0]) for file in ("trafficking", "domestic_violence")
    ]
    mark, by = versions.mark(), pages.app.actors["administrator"].account_id
    at, ids = datetime.now(UTC), [each.rpartition("/")[2] for each in (first, second)]
    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(lambda id_: versions.activate(id_, by, at, mark), ids))
    assert sorted(won) == [False, True]
    assert versions.mark() == mark + 1

    lost = (first, second)[won.index(False)]
    refused = await administrator.sends(lost, {"do": "activate", "after": str(mark)})
    assert refused.status_code == 409
    assert "sudah berubah" in said(refused)
    assert (await administrator.sends(lost, {"do": "more"})).status_code == 422
    gone = await administrator.sends(lost, {"do": "discard"})
    assert gone.headers["location"] == "/pathways/versions?done=discarded"
    assert (await administrator.opens(lost)).status_code == 404


async def test_what_does_not_fit_this_version_of_tuntas_holds_up_no_report(pages: Pages) -> None:
    """Cases are opened under the installation's files, a page says why, and a version that fits ends it."""
    administrator, app = pages.reader("administrator"), pages.app
    content, by = b'version = 90\ncategory = "sexual_violence"\n', app.actors["administrator"].account_id
    unfit = PathwayVersion(
        id=new_id(), file="sexual_violence.toml", version=90, digest="d", uploaded_by=by, uploaded_at=datetime.now(UTC)
    )
    id_ = app.outside.pathways.keep(unfit, content, Keyed(new_id(), "d"))
    assert app.outside.pathways.activate(id_, by, datetime.now(UTC), app.outside.pathways.mark())

    assert (await pinned(pages))["sexual_violence"] == load()[Category.SEXUAL_VIOLENCE].version
    assert "sexual_violence.toml: title_id: is missing" in said(await administrator.opens("/pathways/versions"))
    address = await uploaded(pages, "sexual_violence", changed(pages, "sexual_violence")[0])
    assert (
        await administrator.sends(address, {"do": "activate", "after": str(app.outside.pathways.mark())})
    ).is_redirect
    assert "is missing" not in said(await administrator.opens("/pathways/versions"))


async def test_nobody_else_changes_the_rules(pages: Pages) -> None:
    """Not an administrator of another office, nor a supervisor."""
    pages.app.actor("administrator2", Role.ADMINISTRATOR, "uptd-ppa-sumatera-selatan")
    for username in ("administrator2", "supervisor"):
        reader = pages.reader(username)
        for path in ("/pathways/versions", "/pathways/files/common", "/pathways/versions/x"):
            assert (username, path, (await reader.opens(path)).status_code) == (username, path, 403)
        assert (await reader.sends("/pathways/files/common", {"content": "version = 2"})).status_code == 403
        assert "/pathways/versions" not in (await reader.opens("/pathways")).text
