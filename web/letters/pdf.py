"""A letter as PDF: fonts embedded, a title, a language, and nothing about whoever made it."""

from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos

from web.letters.paper import Paper, Section

FONT = "Source Sans Pro"
FONTS = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Semibold.ttf"}
MARGIN = 22
SMALL, PLAIN, LARGE = 8.5, 10.5, 15
LINE = 5.4
LABEL = 46
INDENT = 5
LANGUAGES = {"id": "id-ID", "en": "en-GB"}


def drawn(letter: Paper) -> bytes:
    """The letter as PDF; the same letter gives the same bytes."""
    sheet = Sheet(letter)
    sheet.head()
    sheet.said(letter.opens)
    for section in letter.sections:
        sheet.section(section)
    if not letter.sections:
        sheet.said((letter.frame.nothing,))
    sheet.said(letter.closes)
    sheet.foot()
    made = BytesIO()
    sheet.output(made)
    return made.getvalue()


class Sheet(FPDF):
    """A4, in the office's hand."""

    def __init__(self, letter: Paper) -> None:
        super().__init__(format="A4")
        self._letter = letter
        for style, name in FONTS.items():
            self.add_font(FONT, style, _font(name))
        self.set_title(letter.title)
        self.set_lang(LANGUAGES[letter.language])
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_creation_date(letter.at)
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 8)
        self.add_page()

    def footer(self) -> None:
        """On every page: that it is confidential, its number, and how many pages there are."""
        letter = self._letter
        self.set_y(-MARGIN - 4)
        self._hand("", SMALL)
        self._write(letter.frame.confidential, 3.8)
        pages = letter.frame.page.format(page=self.page_no(), pages="{nb}")
        self._write(f"{letter.frame.number} {letter.number} · {pages}", 3.8)

    def head(self) -> None:
        """Who writes to whom, when, and about what."""
        letter, frame = self._letter, self._letter.frame
        self._hand("B", PLAIN)
        self._write(letter.office)
        self.ln(4)
        self._hand("B", LARGE)
        self._write(letter.title, 8)
        self.ln(2)
        told = ((frame.number, letter.number), (frame.date, letter.date), (frame.case, letter.case_number))
        for label, text in (*told, (frame.subject, letter.subject), *((frame.to, each) for each in letter.to)):
            self._pair(label, text, 0)
        self.ln(3)

    def said(self, paragraphs: tuple[str, ...]) -> None:
        """Sentences of the letter."""
        self._hand("", PLAIN)
        for paragraph in paragraphs:
            self._write(paragraph)
            self.ln(2)

    def section(self, section: Section) -> None:
        """A part of the file that was disclosed."""
        self.ln(1)
        self._hand("B", PLAIN)
        self._write(section.title)
        for line in section.lines:
            self._pair(line.label, line.text, line.depth)

    def foot(self) -> None:
        """Where it is signed by hand."""
        self.ln(6)
        self._hand("", PLAIN)
        self._write(f"{self._letter.frame.signed},")
        self.ln(16)
        self._write("(.........................................)")

    def _pair(self, label: str, text: str, depth: int) -> None:
        self.set_x(self.l_margin + depth * INDENT)
        if not label:
            self._hand("", PLAIN)
            self._write(text)
            return
        self._hand("B" if not text else "", PLAIN)
        if not text:
            self._write(label)
            return
        self.multi_cell(LABEL, LINE, f"{label}:", align="L", new_x=XPos.RIGHT, new_y=YPos.TOP)
        self.multi_cell(0, LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _write(self, text: str, height: float = LINE) -> None:
        self.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _hand(self, style: Any, size: float) -> None:
        self.set_font(FONT, style, size)


def _font(name: str) -> Path:
    return Path(str(resources.files("font_source_sans_pro").joinpath("files", name)))
