"""The form for the public as data: an office's own file, what is wrong in one, and what a report of it begins with."""

from importlib import resources
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from casework.assembly import public_form
from casework.datafile import DataFileError
from casework.directory.agencies import load_agencies
from casework.errors import InvalidInputError
from casework.models.codes import ReporterKind
from casework.models.notice import Language
from casework.models.pathway import Category
from casework.models.public_report import Age, PublicEntry, Teller
from casework.public_form import FILE, load
from casework.rules.public_reports import addition, beginning, categories_of, check_said, office_of, reporter_of, told
from casework.settings import Settings
from tests.recordings import OPENED
from web.poster import address, poster

BUILT_IN = resources.files("casework.public_form").joinpath(FILE).read_text()
FORM = load()


def own(tmp_path: Path, old: str, new: str) -> Path:
    """A file of an office's own, made of the one that comes with it."""
    assert old in BUILT_IN
    path = tmp_path / "borang.toml"
    path.write_text(BUILT_IN.replace(old, new, 1))
    return path


def settings(path: Path) -> Settings:
    """Settings that name it."""
    urls = {"DATABASE_URL": "postgresql://x", "KEYSTORE_URL": "postgresql://x", "TUNTAS_MASTER_KEY": "x"}
    return Settings.model_validate({**urls, "TUNTAS_PUBLIC_FORM": path})


def test_an_office_has_its_own_words_numbers_and_places(tmp_path: Path) -> None:
    path = own(tmp_path, 'name = "Simpang"', 'name = "Simpang"\nagency_id = "uptd-ppa-oku-selatan"')
    path.write_text(path.read_text() + '\n[[places]]\ncode = "sdn-1"\nname = "SDN 1"\n')

    form = public_form(settings(path), load_agencies())

    assert [place.code for place in form.places] == ["sdn-1"]
    for area, office in (("Simpang", "uptd-ppa-oku-selatan"), ("Muaradua", "lead"), ("Elsewhere", "lead")):
        assert office_of(PublicEntry(area=area), form, "lead") == office


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('en = "Hit, wounded, hurt"', 'id = "x"', "line"),
        (', en = "Hit, wounded, hurt"', "", "choices[0].says.en"),
        ('child = ["sexual_violence"]', 'child = ["sexual"]', "choices[1].child[0]"),
        ('code = "touched"', 'code = "hurt"', ""),
        ("when = {", "whenever = {", ""),
        ("after_hours = 48", "after_hours = 20", ""),
        ('to = ["head"] }', 'to = ["coordinator"] }', ""),
        ('leave = "https://', 'leave = "javascript://', "leave"),
        ("kept_days = 90", "kept_days = 0", "kept_days"),
        ('number = "119"', 'number = "1 1 9"', "telephones[1].number"),
        ('name = "Simpang"', 'name = "Simpang"\nagency_id = "rsud-muaradua"', "areas[14].agency_id"),
        ("[contact]", "colour = 1\n[contact]", "colour"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, where: str) -> None:
    path = own(tmp_path, old, new)

    with pytest.raises(DataFileError) as raised:
        public_form(settings(path), load_agencies())

    assert {problem.file for problem in raised.value.problems} == {"borang.toml"}
    assert any(where in problem.where for problem in raised.value.problems), raised.value.problems


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"none\.toml: cannot be read"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("what", "age", "categories"),
    [
        (("hurt",), Age.CHILD, (Category.CHILD_VIOLENCE,)),
        (("hurt",), Age.ADULT, (Category.DOMESTIC_VIOLENCE,)),
        (("hurt",), Age.UNKNOWN, (Category.UNCLASSIFIED,)),
        (("touched", "hurt"), Age.CHILD, (Category.CHILD_VIOLENCE, Category.SEXUAL_VIOLENCE)),
        (("something_else",), Age.CHILD, (Category.UNCLASSIFIED,)),
        (("married_off",), Age.ADULT, (Category.UNCLASSIFIED,)),
        ((), Age.CHILD, (Category.UNCLASSIFIED,)),
    ],
)
def test_plain_choices_become_categories(what: tuple[str, ...], age: Age, categories: tuple[Category, ...]) -> None:
    assert categories_of(PublicEntry(what=what, age=age), FORM) == categories


def test_every_category_can_be_reached() -> None:
    assert {each for choice in FORM.choices for each in (*choice.child, *choice.adult)} == {
        *Category,
    } - {Category.UNCLASSIFIED}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, ReporterKind.ANONYMOUS),
        ({"teller": Teller.FAMILY}, ReporterKind.ANONYMOUS),
        ({"teller": Teller.FAMILY, "contact": "0812"}, ReporterKind.FAMILY),
        ({"teller": Teller.COMMUNITY, "name": "Kenanga"}, ReporterKind.COMMUNITY),
        ({"teller": Teller.SELF}, ReporterKind.SELF),
    ],
)
def test_who_says_no_name_and_no_number_is_anonymous(given: dict[str, str], kind: ReporterKind) -> None:
    assert reporter_of(PublicEntry.model_validate(given)).kind is kind


def test_what_is_told_goes_into_the_case_word_by_word() -> None:
    """Every part that was filled in, under its name; nothing that was not."""
    written = {name: f"<{name}>" for name in ("story", "who", "area", "where", "when", "by", "name", "contact")}
    entry = PublicEntry.model_validate({**written, "what": ("hurt",), "age": "child", "contact_how": ""})
    body = addition(entry, "1234-5678", OPENED, FORM, new_incident=True)

    assert body.narrative == told(entry, "1234-5678", FORM)
    assert body.narrative.startswith("[1234-5678]\n")
    for name in (*written, "what", "age", "teller"):
        assert f"\n{FORM.labels[name].id}: " in body.narrative
    assert all(word in body.narrative for word in written.values())
    assert FORM.labels["contact_how"].id not in body.narrative
    assert (body.new_incident, body.reported_at) == (True, OPENED)


def test_the_form_of_a_case_begins_with_what_was_said_and_guesses_nothing() -> None:
    """Whose number it is depends on who reports; of an unknown age the kind is left to be asked."""
    own_ = dict(beginning(PublicEntry(teller=Teller.SELF, name="Kenanga", contact="0812", age=Age.ADULT), FORM))
    other = dict(beginning(PublicEntry(teller=Teller.FAMILY, who="Melati", contact="0812", area="Nowhere"), FORM))

    assert (own_["client.name"], own_["client.phone"], own_["client.kind"]) == ("Kenanga", "0812", "adult")
    assert (other["client.name"], other.get("client.phone"), other["client.kind"]) == ("Melati", None, "")
    assert (other["reporter.phone"], other["client.subdistrict"]) == ("0812", "")


def test_one_word_is_enough() -> None:
    check_said(PublicEntry(story="Tolong"))
    check_said(PublicEntry(what=("hurt",)))
    with pytest.raises(InvalidInputError):
        check_said(PublicEntry(who="Kenanga", story="  \n"))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("place", ["", "sdn-1"])
def test_a_telephone_reads_the_poster(language: Language, place: str) -> None:
    """One page, in one language; the picture leads where the words below it say. The same again is the same."""
    leads_to = address("https://lapor.example.go.id/", language, place)
    made = poster(FORM, "Dinas PPPAPPKB", leads_to, language, OPENED)
    pages = PdfReader(BytesIO(made)).pages
    (picture,) = pages[0].images
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)).convert("L"))

    asked = parse_qs(urlsplit(read.text).query)
    assert (read.text, urlsplit(read.text).path) == (leads_to, "/report")
    assert asked == {name: [said] for name, said in (("language", language), ("at", place)) if said not in ("", "id")}
    assert len(pages) == 1
    text = " ".join(pages[0].extract_text().split())
    for said in (leads_to, "110", "119", "129", FORM.poster.title[language], FORM.contact[language], "Dinas PPPAPPKB"):
        assert said in text
    assert poster(FORM, "Dinas PPPAPPKB", leads_to, language, OPENED) == made
