"""`tuntas outreach`: a file is sent once, and the list is read to its end."""

import json
from pathlib import Path

from tests.command_line import Run, run
from tests.stub_api import StubApi
from tests.test_cli import api

__all__ = ["api", "run"]
MEETING = Path(__file__).parent.parent / "examples" / "outreach" / "coordination-meeting-2024.json"
ONE = {
    "id": "one",
    "held_on": "2026-03-10",
    "subdistrict": "simpang",
    "place": "Balai desa",
    "subjects": ["parenting", "child_marriage"],
    "total": 35,
    "reports": {"before": 2, "after": 4},
    "promises": [{"overdue": True}, {"overdue": False}],
}


def test_an_activity_is_sent_as_it_stands_in_its_file(run: Run, api: StubApi) -> None:
    """Under the key that is named, so that it can be repeated."""
    api.answers["POST /outreach"] = (201, {"id": "one", "total": 50})

    status, out, _ = run("outreach", "add", str(MEETING), "--key", "meeting", "--json")

    (asked,) = api.asked
    assert (status, json.loads(out)["total"]) == (0, 50)
    assert asked.body == json.loads(MEETING.read_text())
    assert asked.headers["Idempotency-Key"] == "meeting"


def test_the_list_is_read_to_its_end(run: Run, api: StubApi) -> None:
    api.answers["GET /outreach?from=2026-01-01&to=2026-12-31"] = (200, {"items": [ONE], "next_cursor": "next"})
    last = {"items": [{**ONE, "id": "two", "reports": None}], "next_cursor": None}
    api.answers["GET /outreach?from=2026-01-01&to=2026-12-31&cursor=next"] = (200, last)

    status, out, _ = run("outreach", "list", "--from", "2026-01-01", "--to", "2026-12-31")

    assert status == 0
    shown = ["2026-03-10", "simpang", "Balai desa", "parenting child_marriage", "35", "2", "1"]
    assert [line.split("\t") for line in out.splitlines()[1:]] == [[*shown, "2", "4", "one"], [*shown, "–", "–", "two"]]
