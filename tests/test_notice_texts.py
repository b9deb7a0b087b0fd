"""What notices may say, in both languages, and what they never say."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, UndefinedError, meta

from casework.models.notice import (
    OF_NO_CASE,
    OF_OUTREACH,
    Language,
    NoticeKind,
)
from casework.models.pathway import Category
from casework.notices.render import PAGES, Context, clock_text, due_text, environment, render, sources, texts
from casework.pathways import load
from tests.some_notices import AT, BASE, CLOCKS, JAKARTA, NUMBER, a_notice

LANGUAGES: tuple[Language, ...] = get_args(Language)


def test_every_kind_has_texts_and_no_text_is_without_a_kind() -> None:
    assert set(texts()["kind"]) == {kind.value for kind in NoticeKind}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_renders_in_every_language(kind: NoticeKind, language: Language) -> None:
    rendered = render(a_notice(kind), language, JAKARTA, BASE)
    page = "/outreach/talk" if kind in OF_OUTREACH else PAGES.get(kind, f"/cases/{NUMBER}")

    assert (NUMBER in rendered.subject) == (kind not in OF_NO_CASE)
    assert len(rendered.subject) < 60
    assert "\n" not in rendered.subject
    assert f"https://tuntas.example{page}\n" in rendered.body
    assert "None" not in rendered.body
    assert ("Batas waktu: Kamis, 21 Mei 2026 pukul 10.00 WIB" in rendered.body) == (language == "id")
    assert ("Due: Thursday, 21 May 2026, 10:00 WIB" in rendered.body) == (language == "en")
    assert rendered == render(a_notice(kind), language, JAKARTA, BASE)


def test_without_a_due_time_none_is_shown() -> None:
    body = render(a_notice(due_at=None), "id", JAKARTA, BASE).body

    assert "Batas" not in body
    assert "None" not in body


def test_due_times_are_in_the_zone_of_the_office() -> None:
    late = datetime(2025, 12, 31, 17, 5, tzinfo=UTC)

    assert due_text(late, "id", JAKARTA) == "Kamis, 1 Januari 2026 pukul 00.05 WIB"
    assert due_text(late, "en", ZoneInfo("Asia/Jayapura")) == "Thursday, 1 January 2026, 02:05 WIT"


def test_templates_can_only_name_what_the_context_holds() -> None:
    """Canary: whoever adds a personal field must add it here too."""
    assert set(Context.model_fields) == {"case_number", "link", "due", "about", "waiting", "checkpoint", "kind"}
    for name, source in sources().items():
        named = meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
        assert named <= set(Context.model_fields), name


def test_what_the_context_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ client_name }}").render(case_number=NUMBER)


TELLING = """
kekerasan violence seksual sexual perkosaan rape korban victim survivor pelaku perpetrator anak
child perempuan woman perdagangan traffick kawin nikah marriage polisi police hukum pidana criminal
visum rumah home kasus case abuse exploit eksploitasi asusila dagang
"""


def test_no_text_tells_what_a_case_is_about() -> None:
    for name, source in sources().items():
        prose = source.replace("case_number", "").lower()
        assert [word for word in TELLING.split() if word in prose] == [], name


CATEGORIES = {word for category in Category for word in category.split("_")} - {"in"}
POLICIES = sorted({(policy.kind, policy.class_) for pathway in load().values() for policy in pathway.deadlines})


@pytest.mark.parametrize(("kind", "class_"), POLICIES)
def test_every_kind_of_deadline_has_its_words_and_they_tell_nothing(kind: str, class_: str) -> None:
    for language in LANGUAGES:
        words = clock_text(kind, language)

        assert words != clock_text("a_kind_of_the_districts_own", language)
        assert [word for word in {*TELLING.split(), *CATEGORIES} if word in words] == []
        assert (words == clock_text("tpks_report_police", language)) == (class_ in ("statutory", "may"))
        assert (words == clock_text("clin_72h", language)) == (class_ == "clinical")


def test_a_kind_of_deadline_is_named_once_and_only_if_there_is_one() -> None:
    named = [kind for words in tomllib.loads(CLOCKS.read_text())["clocks"] for kind in words["kinds"]]

    assert len(named) == len(set(named))
    assert set(named) == {kind for kind, _ in POLICIES}


def test_a_reminder_names_what_it_is_about_and_accuses_nobody() -> None:
    late = a_notice(NoticeKind.REMINDER, about_kind="tppo_rehab", due_at=AT - timedelta(days=3))
    indonesian, english = (render(late, language, JAKARTA, BASE) for language in LANGUAGES)

    assert "Kami mengingatkan" in indonesian.body
    assert "Perihal: batas waktu menurut undang-undang\n" in indonesian.body
    assert "Batas waktu: Senin, 18 Mei 2026" in indonesian.body
    assert "If it has been done, please record it." in english.body
    assert "About: a time limit set by law\n" in english.body
    accusing = "lalai gagal terlambat melewati melanggar late overdue past fail breach missed violat"
    assert [word for word in accusing.split() if word in (indonesian.body + english.body).lower()] == []


def test_a_kind_of_the_districts_own_still_has_words() -> None:
    body = render(a_notice(NoticeKind.ESCALATION, about_kind="market_day"), "en", JAKARTA, BASE).body

    assert "About: another time limit\n" in body
    assert "market" not in body


def test_a_digest_says_how_many_wait_and_names_no_case() -> None:
    digest = a_notice(NoticeKind.DIGEST, due_at=None)
    one = render(digest.model_copy(update={"waiting": 1}), "en", JAKARTA, BASE)

    assert one.body.startswith("1 item waits on your office's board.")
    assert render(digest, "en", JAKARTA, BASE).body.startswith("3 items wait on")
    assert render(digest, "id", JAKARTA, BASE).body.startswith("3 hal menunggu di papan")
    assert "Number" not in one.body


def test_the_auditor_is_told_a_checkpoint_by_its_root_and_signature() -> None:
    body = render(a_notice(NoticeKind.CHECKPOINT, due_at=None), "en", JAKARTA, BASE).body

    assert "number 7, Thursday, 21 May 2026, 10:00 WIB: 42 rows" in body
    assert f"Root: {'ab' * 32}\nSignature: {'c2ln' * 22}\n" in body
    assert "https://tuntas.example/audit\n" in body


def test_a_notice_of_snooping_leads_to_what_the_account_saw() -> None:
    body = render(a_notice(NoticeKind.MANY_CASES_SEEN, due_at=None, about_id="0197-account"), "en", JAKARTA, BASE).body

    assert "https://tuntas.example/access-log?account_id=0197-account\n" in body


def test_nothing_but_number_and_time_differs_between_cases() -> None:
    one = render(a_notice(), "id", JAKARTA, BASE)
    other = render(a_notice(case_id="x", case_number="X-1", id="y", about_id="z"), "id", JAKARTA, BASE)

    assert other.body == one.body.replace(NUMBER, "X-1")
    assert other.subject == one.subject.replace(NUMBER, "X-1")
