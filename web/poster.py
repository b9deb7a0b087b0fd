"""The poster that leads to the form for the public: one page of A4, to be printed and hung up."""

from datetime import datetime
from importlib import resources
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import segno
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import Align

from casework.models.notice import Language
from casework.models.public_form import PublicForm

FONT = "Source Sans Pro"
FONTS = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Semibold.ttf"}
LANGUAGES = {"id": "id-ID", "en": "en-GB"}
MARGIN, WIDE = 18, 210
SIDE = 95
"""Of the picture, in millimetres: to be read from across a room."""
DOTS = 12
"""Pixels of each of its squares, so that it is sharp in print."""


def address(pages: str, language: Language, place: str) -> str:
    """Where the picture leads: to the form, in a language, from a place."""
    asked = {**({"language": language} if language != "id" else {}), **({"at": place} if place else {})}
    return f"{pages.rstrip('/')}/report" + (f"?{urlencode(asked)}" if asked else "")


def poster(form: PublicForm, office: str, leads_to: str, language: Language, at: datetime) -> bytes:
    """The poster as PDF; the same again gives the same bytes."""
    sheet = Sheet(form, language, at)
    sheet.says(form.poster.title[language], 28, "B", 11)
    sheet.code(leads_to)
    for text in form.poster.says:
        sheet.says(text[language], 15, "", 7)
    sheet.says(leads_to, 13, "B", 8)
    for each in form.telephones:
        sheet.says(f"{each.number}   {each.says[language]}", 18, "B", 9)
    sheet.says(office, 13, "B", 6)
    sheet.says(form.contact[language], 12, "", 5.5)
    made = BytesIO()
    sheet.output(made)
    return made.getvalue()


class Sheet(FPDF):
    """One page, everything in its middle."""

    def __init__(self, form: PublicForm, language: Language, at: datetime) -> None:
        super().__init__(format="A4")
        for style, name in FONTS.items():
            path = resources.files("font_source_sans_pro").joinpath("files", name)
            self.add_font(FONT, style, Path(str(path)))
        self.set_title(form.poster.title[language])
        self.set_lang(LANGUAGES[language])
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_creation_date(at)
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN)
        self.add_page()

    def says(self, text: str, size: float, style: str, height: float) -> None:
        """Some words, on as many lines as they need."""
        self.set_font(FONT, "B" if style else "", size)
        self.multi_cell(0, height, text, align=Align.C, new_x="LMARGIN", new_y="NEXT")
        self.ln(3)

    def code(self, leads_to: str) -> None:
        """The picture that telephones read; the same stands in words below it."""
        picture = BytesIO()
        segno.make_qr(leads_to, error="m").save(picture, kind="png", scale=DOTS, border=4)
        self.image(picture, x=(WIDE - SIDE) / 2, w=SIDE, h=SIDE, alt_text=leads_to)
        self.ln(3)
