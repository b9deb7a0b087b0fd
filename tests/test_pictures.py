"""The pictures of README and docs: made here, of demonstration data; `make pictures` keeps them."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from tests.browsing import browser, served
from tests.pictures import EVERY, OF_A_YEAR, PICTURES, ROOT, Picture, taken, week, year
from tests.stack import Stack

SHOWN = ROOT / "docs" / "pictures"


@pytest.mark.timeout(180)
async def test_the_main_pages_can_be_shown(app: Stack, tmp_path: Path) -> None:
    """Each picture is of a page with something on it, as wide as what it is looked at on."""
    into = SHOWN if os.environ.get("TUNTAS_PICTURES") else tmp_path
    async with served(app) as address, browser() as one:
        shown = await week(app)
        app.outside.heartbeats.beat("watch", datetime.now(UTC))
        files = await taken(one, address, PICTURES, shown, into)
        files += await taken(one, address, OF_A_YEAR, year(app), into)

    assert [_width(file) for file in files] == [picture.viewport["width"] for picture in EVERY]


@pytest.mark.parametrize("picture", EVERY, ids=lambda picture: picture.name)
@pytest.mark.parametrize("page", ["README.md", "docs/pages.md"])
def test_the_docs_show_it(page: str, picture: Picture) -> None:
    """README and docs show each, from a file that is there, with words for who cannot see it."""
    text = (ROOT / page).read_text("utf-8")
    assert f"pictures/{picture.name}.png" in text
    assert _width(SHOWN / f"{picture.name}.png") == picture.viewport["width"]


def _width(file: Path) -> int:
    with Image.open(file) as image:
        return image.width
