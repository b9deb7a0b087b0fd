"""Letters: numbered, kept as they were sent, and never saying more than their reader is shown here."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import resources
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from casework import commands as c
from casework.db.letters import SqlLetters
from casework.db.session import engine_for
from casework.errors import AlreadyDecidedError, InvalidInputError, TooManyRequestsError
from casework.models.codes import LetterKind
from casework.rules.letters import common, on_paper
from tests.api_fakes import OpenThrottle
from tests.need_to_know import PARTS, Told, told
from tests.play import CASEWORKER, Play, opened
from tests.postgres import scratch_database
from tests.stack import LEAD
from web.letters.paper import About, paper
from web.letters.pdf import drawn
from web.letters.texts import read, texts

JAKARTA = ZoneInfo("Asia/Jakarta")
OURS = resources.files("web").joinpath("letters", "texts.toml").read_text(encoding="utf-8")
OTHERS = {"caseworker2": 404, "hospital": 403, "police": 403, "coordinator": 403, "auditor": 404, "supervisor2": 404}
NUMBER = re.compile(r"^\d{4}/[A-Z]{3}/DINAS-PPPAPPKB/\d{4}$")


def about(kind: LetterKind = LetterKind.REFERRAL, **more: Any) -> About:
    """What a letter is about."""
    at = datetime(2026, 5, 21, 3, tzinfo=UTC)
    own = {"kind": kind, "language": "id", "sequence": 7, "at": at, "office_id": "dinas-pppappkb", "office": "Dinas"}
    return About(**{**own, "to": ("RSUD",), "case_number": "OKUS-2026-00042-1", "service": "health", **more})


def text_of(letter: bytes) -> str:
    """What can be read in a PDF, however its lines are broken."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(letter)).pages).split())


# ---- texts


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Keputusan sepenuhnya", "Izin diberikan; keputusan sepenuhnya"),
        ("{service}", "{name}"),
        ("[letter.case_summary.en]", "[letter.case_summary.xx]"),
        ('code = "REK"', 'code = "RUJ"'),
        ('title = "Surat Rujukan"', 'title = "Rujukan {case_number}"'),
    ],
    ids=["a permit", "an unknown blank", "a language", "a code", "a title"],
)
def test_texts_are_judged_when_they_are_read(ours: str, theirs: str) -> None:
    """What a letter must not be is found at the start, never in front of a judge."""
    assert read(OURS) == texts()
    assert ours in OURS
    with pytest.raises(ValueError):  # noqa: PT011  pydantic's own
        read(OURS.replace(ours, theirs))


# ---- what goes on paper

values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("phone", "name", "x")), inner),
    max_leaves=8,
)
shown = st.dictionaries(st.sampled_from(PARTS), values, max_size=5)


def phones(value: Any) -> list[Any]:
    """Every telephone number that a thing holds."""
    if isinstance(value, dict):
        return [v for k, v in value.items() if k == "phone"] + [p for v in value.values() for p in phones(v)]
    return [p for v in value for p in phones(v)] if isinstance(value, list) else []


@given(shown, st.sampled_from((True, False, None)))
def test_no_number_is_on_paper_but_a_safe_one_of_the_client(parts: dict[str, Any], safe: bool | None) -> None:
    """Whatever was disclosed."""
    parts["contact"] = {"phone": "0812", "safe_to_contact": safe}
    written = on_paper(parts)

    assert set(written) == set(parts)
    assert phones(written) == (["0812"] if safe else [])


@given(st.lists(st.lists(shown, max_size=3), max_size=4))
def test_a_summary_holds_what_everybody_is_shown(views: list[list[dict[str, Any]]]) -> None:
    """Each part, and as each is shown it; with a participant who is shown nothing, nothing."""
    made = common(views)

    for view in views:
        for name, value in made.items():
            assert any(name in parts and parts[name] == value for parts in view)
    if views and all(len(view) == 1 for view in views):
        everywhere = [n for n, v in views[0][0].items() if all(n in w[0] and w[0][n] == v for w in views)]
        assert sorted(made) == sorted(everywhere)


# ---- the PDF


def test_a_letter_is_a_pdf_that_tells_nothing_of_who_made_it() -> None:
    """Fonts embedded, a title of its kind, a language; the same letter gives the same bytes."""
    parts = {"identity": {"name": "Nurʼaini Žofia é", "sex": "female"}, "needs": ["health"]}
    made = drawn(paper(about(), parts, JAKARTA))
    read_ = PdfReader(BytesIO(made))
    fonts: Any = read_.pages[0]["/Resources"]["/Font"]  # type: ignore[index]

    assert made == drawn(paper(about(), parts, JAKARTA))
    metadata: dict[str, Any] = dict(read_.metadata or {})
    root: dict[str, Any] = dict(read_.root_object)
    assert set(metadata) == {"/Title", "/CreationDate"}
    assert metadata["/Title"] == "Surat Rujukan"
    assert root["/Lang"] == "id-ID"
    assert all(font.get_object()["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"] for font in fonts.values())
    said = text_of(made)
    for word in ("0007/RUJ/DINAS-PPPAPPKB/2026", "Nurʼaini Žofia é", "Perempuan", "Kesehatan", "Kamis, 21 Mei 2026"):
        assert word in said


def test_what_is_long_goes_on_to_another_page() -> None:
    """Each page says which letter it is of."""
    made = PdfReader(BytesIO(drawn(paper(about(), {"narrative": "panjang " * 900}, JAKARTA))))

    assert len(made.pages) > 1
    assert all("0007/RUJ" in page.extract_text() for page in made.pages)


# ---- the rule


def issue(play: Play, kind: str, about_id: str) -> None:
    """A letter that was made is given to its case."""
    body = {"kind": kind, "about_id": about_id, "number": "0001/REK/X/2026", "size": 1, "content": "0" * 64}
    sealed = c.SealedDocument(id="letter", digest="d")
    play.give(c.IssueLetter.model_validate(body), CASEWORKER, document=sealed)


def test_a_recommendation_is_written_about_a_court_that_was_asked_for_a_dispensation() -> None:
    """About no other referral, and of no other case."""
    play = opened(categories=["child_marriage"]).assessed()
    court = play.referred(agency_id="pengadilan-agama", service="religious_court")
    health = play.referred()
    issue(play, "court_recommendation", court)
    with pytest.raises(InvalidInputError):
        issue(play, "court_recommendation", health)


def test_a_letter_needs_its_referral_as_it_was_read() -> None:
    """The rule refuses what ended meanwhile."""
    play = opened().assessed()
    referral = play.referred()
    play.do(c.RevokeReferral, CASEWORKER, subject_id=referral)
    with pytest.raises(AlreadyDecidedError):
        issue(play, "referral", referral)


# ---- through the API


async def written(file: Told, **body: Any) -> tuple[str, dict[str, Any]]:
    """A letter issued, and what can be read in it."""
    answer = await file.send("caseworker", f"/cases/{file.case_id}/letters", body)
    saved = await file.app.ask("caseworker", "GET", answer.headers["Location"])
    assert saved.status_code == 200
    assert saved.headers["content-disposition"].startswith("attachment")
    return text_of(saved.content), answer.json()


@settings(max_examples=4)
@given(st.lists(st.sampled_from(PARTS), max_size=5, unique=True).map(tuple), st.sampled_from(("id", "en")))
def test_a_letter_says_no_more_than_its_reader_is_shown(parts: tuple[str, ...], language: str) -> None:
    """Of any parts that were disclosed: those, as they stand, and no number that is not safe."""
    asyncio.run(says_no_more(parts, language))


async def says_no_more(parts: tuple[str, ...], language: str) -> None:
    """One letter, after the file has changed."""
    file = await told()
    await file.refer("hospital", parts, "consent")
    await file.amend()
    await file.assess()
    text, _ = await written(file, kind="referral", about_id=file.asked[0].id, language=language)
    api = (await file.app.get("hospital", f"/referrals/{file.asked[0].id}")).text

    assert file.sung(text) <= set(parts)
    assert {word for word in file.words if word in text} <= {word for word in file.words if word in api}
    assert not any(word in text for place, word in file.latest.items() if place.endswith("phone"))
    assert (file.latest["name"] in text) == ("identity" in parts)


async def test_what_is_issued_is_in_the_log_and_read_as_every_file_is() -> None:
    """Once for its key, under the next number; another thing under the same key is refused."""
    file = await told()
    await file.refer("hospital", ("identity",), "consent")
    body, path = {"kind": "referral", "about_id": file.asked[0].id}, f"/cases/{file.case_id}/letters"
    first = await file.send("caseworker", path, body, Idempotency_Key="one")
    await file.assess()
    again = await file.send("caseworker", path, body, Idempotency_Key="one")
    other = await file.app.post("caseworker", path, {**body, "language": "en"}, Idempotency_Key="one")
    second = await file.send("caseworker", path, body)

    assert first.json() == again.json()
    assert other.json()["code"] == "idempotency_key_reused"
    assert [one.json()["number"][:4] for one in (first, second)] == ["0001", "0002"]
    listed = (await file.app.get("caseworker", path)).json()["items"]
    assert [one["number"] for one in listed] == [first.json()["number"], second.json()["number"]]
    log = (await file.app.get("caseworker", f"/cases/{file.case_id}/log")).json()["items"]
    assert [row["kind"] for row in log].count("LetterIssued") == 2
    assert all(NUMBER.match(one["number"]) for one in listed)


async def test_who_may_not_read_a_case_writes_no_letter_and_saves_none() -> None:
    """Nor is a letter among the documents that a later referral discloses."""
    file = await told()
    await file.refer("hospital", ("identity",), "consent")
    body, path = {"kind": "referral", "about_id": file.asked[0].id}, f"/cases/{file.case_id}/letters"
    issued = await file.send("supervisor", path, body)
    await file.refer("police", ("documents",), "consent")

    answers = {who: (await file.app.post(who, path, body)).status_code for who in OTHERS}
    assert answers == OTHERS
    for who in OTHERS:
        assert (await file.app.ask(who, "GET", issued.headers["Location"])).status_code in (403, 404)
    shown_ = (await file.app.get("police", f"/referrals/{file.asked[1].id}")).json()["disclosed"]
    assert shown_ == {"documents": []}


async def test_what_is_disclosed_no_longer_is_written_no_longer() -> None:
    """A referral that was revoked, one of another case, and a summary for nobody; none takes a number in the log."""
    file, other = await told(), await told()
    await file.refer("hospital", ("identity",), "consent")
    await file.send("caseworker", f"/referrals/{file.asked[0].id}/revocation", {})
    path = f"/cases/{file.case_id}/letters"
    for body, code in (
        ({"kind": "referral", "about_id": file.asked[0].id}, "already_decided"),
        ({"kind": "referral", "about_id": other.case_id}, "invalid_input"),
        ({"kind": "court_recommendation"}, "invalid_input"),
        ({"kind": "police_notification", "about_id": file.asked[0].id}, "invalid_input"),
        ({"kind": "case_summary"}, "invalid_input"),
        ({"kind": "case_summary", "agencies": ["nobody"]}, "unknown_agency"),
        ({"kind": "permit"}, "invalid_input"),
    ):
        assert (await file.app.post("caseworker", path, body)).json()["code"] == code, body
    assert (await file.app.get("caseworker", path)).json()["items"] == []


async def test_who_it_goes_to_saves_it_while_they_are_shown_what_it_says() -> None:
    """As it was sent, and nobody else it; a summary goes to each that it names."""
    file = await told()
    await file.refer("hospital", ("identity",), "consent")
    await file.refer("police", ("identity",), "consent")
    asked, other = (one.id for one in file.asked)
    where = f"/cases/{file.case_id}/letters"
    sent = await file.send("caseworker", where, {"kind": "referral", "about_id": asked})
    both = await file.send("caseworker", where, {"kind": "case_summary", "agencies": ["rsud-muaradua", LEAD]})
    path = f"/referrals/{asked}/letters"

    listed = (await file.app.get("hospital", path)).json()["items"]
    assert [one["number"] for one in listed] == [sent.json()["number"], both.json()["number"]]
    assert listed == (await file.app.get("caseworker", path)).json()["items"]
    saved = await file.app.ask("hospital", "GET", f"/api/v1{path}/{sent.json()['id']}")
    assert saved.content == (await file.app.ask("caseworker", "GET", sent.headers["Location"])).content
    assert saved.headers["content-disposition"].startswith("attachment")
    assert (await file.app.get("police", f"/referrals/{other}/letters")).json()["items"] == []
    elsewhere = f"/api/v1/referrals/{other}/letters/{sent.json()['id']}"
    assert (await file.app.ask("police", "GET", elsewhere)).status_code == 404
    assert (await file.app.get("police", path)).status_code == 404

    await file.send("caseworker", f"/referrals/{asked}/revocation", {})
    assert (await file.app.get("hospital", path)).status_code == 403
    assert (await file.app.ask("hospital", "GET", f"/api/v1{path}/{sent.json()['id']}")).status_code == 403


async def test_too_many_letters_a_minute_have_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before one is numbered and drawn; a repeat of one that was issued has its answer still."""
    file = await told()
    await file.refer("hospital", ("identity",), "consent")
    body, path = {"kind": "referral", "about_id": file.asked[0].id}, f"/cases/{file.case_id}/letters"
    issued = await file.send("caseworker", path, body, Idempotency_Key="one")
    asked: list[tuple[str, str]] = []

    def refuse(_: OpenThrottle, name: str, account_id: str) -> None:
        asked.append((name, account_id))
        raise TooManyRequestsError("Too many tries.", retry_after=6)

    monkeypatch.setattr(OpenThrottle, "costly", refuse)
    again = await file.send("caseworker", path, body, Idempotency_Key="one")
    early = await file.app.post("caseworker", path, body)

    assert (again.json(), early.status_code, early.headers["Retry-After"]) == (issued.json(), 429, "6")
    assert asked == [("letter", issued.json()["by"])]
    assert len((await file.app.get("caseworker", path)).json()["items"]) == 1


async def test_a_summary_is_what_every_participant_is_shown() -> None:
    """With one who is shown nothing, it says nothing about the person."""
    file = await told()
    await file.refer("hospital", ("identity", "narrative"), "consent")
    await file.refer("police", ("identity", "perpetrators"), "consent")
    both = ["rsud-muaradua", "unit-ppa-polres"]
    text, _ = await written(file, kind="case_summary", agencies=both)
    assert file.sung(text) == {"identity"}
    text, _ = await written(file, kind="case_summary", agencies=[*both, "dinas-sosial"], language="en")
    assert file.sung(text) == set()
    assert "holds nothing about the person" in text


async def test_the_police_are_written_what_they_are_told_by_law() -> None:
    """The parts of the notification, by way of the office: no telephone number."""
    file = await told()
    await file.send(
        "caseworker", f"/cases/{file.case_id}/assessment", {"risk": "high", "categories_added": ["sexual_violence"]}
    )
    sent = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True, "reference": "B/7"}
    await file.send("caseworker", f"/cases/{file.case_id}/notifications", sent)
    told_ = (await file.app.get("police", "/notifications")).json()["items"][-1]
    text, _ = await written(file, kind="police_notification", about_id=told_["id"])

    assert file.sung(text) <= {"identity", "contact", "narrative", "perpetrators"}
    assert {file.latest["name"], file.latest["narrative"]} <= {word for word in file.words if word in text}
    assert "B/7" in text
    at = f"/notifications/{told_['id']}/letters"
    mine = (await file.app.get("police", at)).json()["items"]
    assert [one["kind"] for one in mine] == ["police_notification"]
    saved = await file.app.ask("police", "GET", f"/api/v1{at}/{mine[0]['id']}")
    assert text_of(saved.content) == text
    assert (await file.app.get("hospital", at)).status_code == 404


def test_numbers_are_given_once_for_a_command_and_in_order_for_an_office_and_year() -> None:
    """However many ask at once."""
    at = datetime(2026, 5, 21, tzinfo=UTC)
    with scratch_database() as scratch:
        engine = engine_for(scratch.app_url)
        numbers = SqlLetters(engine)
        with ThreadPoolExecutor(8) as pool:
            asked = [(f"command-{n % 6}", "dinas", 2026, at + timedelta(seconds=n)) for n in range(12)]
            given_ = list(pool.map(lambda one: numbers.number(*one), asked))
        others = [numbers.number("x", "dinas", 2027, at), numbers.number("y", "other", 2026, at)]
        engine.dispose()

    assert sorted(one.sequence for one in given_[:6]) == [1, 2, 3, 4, 5, 6]
    assert given_[:6] == given_[6:]
    assert [one.sequence for one in others] == [1, 1]
