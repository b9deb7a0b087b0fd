"""The documentation says what the code does: every name it must hold is there, and what it shows can be run."""

import re
import subprocess
from pathlib import Path

import pytest

from casework.errors import BY_CODE
from casework.events import EventKind
from casework.settings import Settings
from starter.cli.routes import COMMANDS
from web.api.commands import COMMANDS as SERVED

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#]+)[^)]*\)")


def bash_blocks(page: Path) -> list[str]:
    """Every block of shell that a page shows."""
    return re.findall(r"^```bash\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    """A page by its name in the tree."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_shell_that_is_shown_parses(page: Path) -> None:
    """Each block is whole by itself."""
    for block in bash_blocks(page):
        checked = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False)

        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files_of_the_repository(page: Path) -> None:
    """A relative link names a file or folder that is there, inside the repository."""
    for link in LINK.findall(page.read_text()):
        target = (page.parent / link).resolve()

        assert target.exists(), link
        assert target.is_relative_to(ROOT.resolve()), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_know_no_machine(page: Path) -> None:
    """No page names a home directory or a checkout of somebody's."""
    assert not re.search(r"(?<![\w.])/(work|home|tmp|Users)/\w", page.read_text())


def test_every_setting_is_in_operations() -> None:
    """The table of settings is the code's, row by row, with its defaults."""
    page = (ROOT / "docs" / "operations.md").read_text()

    for field in Settings.model_fields.values():
        default = "" if field.is_required() or field.default in (None, "") else f"`{field.default}`"
        assert f"| `{field.alias}` | {default} | {field.description} |" in page


@pytest.mark.parametrize("name", [*COMMANDS, "open_case", *EventKind, *BY_CODE])
def test_every_name_is_in_the_api_page(name: str) -> None:
    """Commands, kinds of facts and refusals are all documented."""
    assert f"`{name}`" in API


def test_statuses_in_the_api_page_are_the_codes_own() -> None:
    """A refusal is documented with its status."""
    rows = [line for line in API.splitlines() if line.startswith("| `")]

    for code, error in BY_CODE.items():
        row = next(row for row in rows if f"`{code}`" in row.split("|")[1])
        assert row.split("|")[2].strip() == str(error.status)


def test_command_line_and_api_know_the_same_commands() -> None:
    """`tuntas do` has every command that is served, at its address, and no other."""
    assert {route.path for route in COMMANDS.values()} == {route.path for route in SERVED}
    for served in SERVED:
        assert all(COMMANDS[name].path == served.path for name in served.names)


def test_commands_in_the_api_page_stand_with_their_route() -> None:
    """Name and address are in one row."""
    for name, route in COMMANDS.items():
        assert any(f"`{name}`" in line and f"`{route.path}`" in line for line in API.splitlines()), name


def test_what_the_readme_names_is_there() -> None:
    """The folders of its table exist."""
    for folder in re.findall(r"^\| `([\w/.]+)`", README, re.MULTILINE):
        assert (ROOT / folder).exists(), folder


def test_decisions_are_numbered() -> None:
    """Each decision has a number of its own, in its name and its title."""
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in decisions]

    assert len(set(numbers)) == len(numbers)
    for number, page in zip(numbers, decisions, strict=True):
        assert page.read_text().startswith(f"# {number}. ")
