"""Canaries in the form for the public, in each of its fields, and in what its office decides."""

import re
from typing import Any

from casework.models.public_report import PublicEntry
from tests.canary_asking import Asking
from tests.canary_walk import report
from tests.reported import reported
from web.api.routing import V1

CHOSEN = {"what": "hurt", "age": "child", "sex": "female", "teller": "self", "language": "en"}
AT = f"{V1}/public-reports/{{report_id}}"
PAGE = "/public-reports/{report_id}"


async def by_the_public(asking: Asking, case_id: str) -> None:
    """Reported by the form, once refused; then each way that a report ends, by the API and by the pages."""
    app, word = asking.stack, asking.cage.word
    page = await asking.ask(None, "GET", "/report", params={"at": word(), "language": word()})
    assert page.status_code == 200
    asking.client.cookies.clear()
    token = re.findall(r'name="form" value="([^"]+)"', page.text)[0]
    typed = {name: word() for name in PublicEntry.model_fields if name not in CHOSEN}
    sent = {**typed, **CHOSEN, "form": token, "at": word()}
    refused = await asking.ask(None, "POST", "/report", data={**sent, "story": f"{word()} " * 2_000})
    assert refused.status_code == 422
    assert asking.refusals.pop() == refused.content  # shown to who wrote it
    taken = await asking.ask(None, "POST", "/report", data=sent)
    assert taken.status_code == 200, taken.text
    assert not [each for each in asking.cage.words if each in taken.text]
    listed = await asking.ask(app.supervisor, "GET", f"{V1}/public-reports")
    made = listed.json()["items"][-1]["id"]
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None
    body = report(asking.cage).model_dump(mode="json", exclude_unset=True)
    for step, given in (
        ("opening", body),
        ("addition", {"number": row["number"], "new_incident": False}),
        ("closing", {"reason": word()}),
    ):
        await decided(asking, step, given, made if step == "opening" else reported(app, word()))


async def decided(asking: Asking, step: str, given: dict[str, Any], report_id: str) -> None:
    """One way, by the API; its page is asked the same about another report."""
    app, where = asking.stack, {"report_id": report_id}
    answer = await asking.ask(app.supervisor, "POST", f"{AT}/{step}", where, json=given)
    assert answer.status_code in (200, 201), answer.text
    other = {"report_id": reported(app, asking.cage.word())}
    form = {name: str(value) for name, value in given.items() if isinstance(value, str)}
    if step == "opening":
        form = {"channel": "community", "categories": "unclassified", "reporter.kind": "self", "client.kind": "child"}
        form |= {"reported_at": "2026-01-01T10:00", "narrative": asking.cage.word(), "client.name": asking.cage.word()}
    page = await asking.visit(app.supervisor, "POST", f"{PAGE}/{step}", other, **form)
    assert page.status_code == 303, page.text
