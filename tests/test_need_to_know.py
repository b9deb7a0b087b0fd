"""Need to know: whatever happens to a file, no receiver reads a part that was not disclosed to it, or is no longer."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api_fakes import report
from tests.lives import SLOW
from tests.need_to_know import LASTING, PARTS, RECEIVERS, Asked, Told, told

steps = st.lists(
    st.tuples(
        st.sampled_from(
            (*("refer", "refer", "refer"), *("confirm", "accept", "complete", "complete", "decline", "revoke")),
        )
        | st.sampled_from(("amend", "assess", "withdraw", "later")),
        st.sampled_from(tuple(RECEIVERS)),
        st.lists(st.sampled_from(PARTS), max_size=5, unique=True).map(tuple),
        st.sampled_from(("consent", "override", "emergency")),
        st.integers(0, 5),
    ),
    min_size=3,
    max_size=9,
)
BY_STATUS = {"confirm": ("pending",), "decline": ("sent",), "accept": ("sent",), "complete": ("sent", "accepted")}
OPEN = ("pending", "sent", "accepted")
BODIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "accept": ("answer", {"answer": "accepted"}, "accepted"),
    "decline": ("answer", {"answer": "declined", "reason": "Penuh."}, "declined"),
    "complete": ("result", {"outcome": "service_provided"}, "completed"),
}


async def take(file: Told, step: Any) -> None:
    """One thing happens, where it can."""
    name, receiver, parts, way, which = step
    fitting = [one for one in file.asked if one.status in BY_STATUS.get(name, OPEN)]
    one = fitting[which % len(fitting)] if fitting else None
    match name:
        case "refer":
            await file.refer(receiver, parts, way)
        case "amend":
            await file.amend()
        case "assess":
            await file.assess()
        case "withdraw":
            await file.withdraw()
        case "later":
            file.later()
        case "confirm" if one:
            await file.confirm(one)
        case "revoke" if one:
            await file.send("caseworker", f"/referrals/{one.id}/revocation", {})
            one.status = "revoked"
        case _ if one and name in BODIES:
            await file.move(one, *BODIES[name])


async def read(file: Told, receiver: str) -> str:
    """Everything a receiver can be told of its referrals, answers to what it sends again included."""
    own = [one for one in file.asked if one.receiver == receiver]
    answers = [await file.app.get(receiver, f"/referrals/{one.id}") for one in own]
    answers += [await file.app.get(receiver, path) for path in ("/referrals", f"/cases/{file.case_id}")]
    for who, path, body, key in file.given:
        if who == receiver:
            answers.append(await file.app.post(receiver, path, body, Idempotency_Key=key))
    return "".join(answer.text for answer in answers)


async def look(file: Told) -> None:
    """Nobody reads more than was disclosed; and what was, is there, as it stands."""
    for receiver in RECEIVERS:
        assert file.sung(await read(file, receiver)) <= file.may_see(receiver)
    for one in file.asked:
        await is_there(file, one)


async def is_there(file: Told, one: Asked) -> None:
    """A referral that is worked on shows each of its parts, people as they are known now."""
    answer = await file.app.get(one.receiver, f"/referrals/{one.id}")
    if one.status not in ("sent", "accepted"):
        assert answer.status_code == 404 or answer.json()["disclosed"] == {} or one.status == "completed"
        return
    assert set(answer.json()["disclosed"]) == set(one.parts)
    for part, place in (("identity", "name"), ("contact", "phone"), ("perpetrators", "suspect name")):
        assert (file.latest[place] in answer.text) is (part in one.parts)


@settings(SLOW, max_examples=20)
@given(steps)
def test_no_part_that_is_not_disclosed_is_read(course: list[Any]) -> None:
    """Over referrals, answers, corrections, revocations, withdrawals and time, in any order."""

    async def play() -> None:
        file = await told()
        for step in course:
            await take(file, step)
            await look(file)

    asyncio.run(play())


async def test_what_was_written_for_another_occasion_stays_as_it_was_sent() -> None:
    """A later assessment and a later address were disclosed by nobody; a later number was."""
    file = await told()
    await file.refer("hospital", ("contact", "assessment"), "consent")
    then = dict(file.latest)
    await file.amend()
    await file.assess()

    text = (await file.app.get("hospital", f"/referrals/{file.asked[0].id}")).text

    for place in ("address", "village", "assessment"):
        assert then[place] in text
        assert file.latest[place] not in text
    assert file.latest["phone"] in text
    assert then["phone"] not in text


async def test_an_emergency_before_the_assessment_is_shown_the_first_one() -> None:
    """It was named, and was not there yet."""
    file = await told()
    fresh = await file.app.post("caseworker", "/cases", report())
    file.case_id = fresh.json()["id"]
    await file.refer("hospital", ("assessment",), "emergency")
    await file.send("supervisor", f"/cases/{file.case_id}/assignment", {"caseworker_id": "caseworker"})
    await file.assess()
    first = file.latest["assessment"]
    await file.assess()

    text = (await file.app.get("hospital", f"/referrals/{file.asked[0].id}")).text

    assert first in text
    assert file.latest["assessment"] not in text


async def test_a_number_that_is_not_safe_is_shown_to_nobody() -> None:
    """It would be called."""
    file = await told()
    await file.refer("hospital", ("contact",), "consent")
    path = f"/referrals/{file.asked[0].id}"
    client = {**file.client(), "safe_to_contact": False}
    await file.send("caseworker", f"/cases/{file.case_id}/client", {"client": client})

    contact = (await file.app.get("hospital", path)).json()["disclosed"]["contact"]

    assert (contact["phone"], contact["safe_to_contact"]) == (None, False)


# ---- mandatory notifications


async def test_who_is_told_by_law_reads_the_parts_of_the_law_and_no_more() -> None:
    """Of one notification at a time; another agency finds none."""
    file = await told()
    body = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True, "objection": file.word("")}
    await file.send("caseworker", f"/cases/{file.case_id}/notifications", body)
    (listed,) = (await file.app.get("police", "/notifications")).json()["items"]
    path = f"/notifications/{listed['id']}"

    shown = await file.app.get("police", path)

    assert listed["disclosed"] is None
    assert file.sung(shown.text) == {"identity", "contact", "narrative", "perpetrators"}
    assert (await file.app.get("hospital", path)).status_code == 404
    assert file.sung((await file.app.get("coordinator", path)).text) == set()
    await file.send("police", f"{path}/receipt", {"reference": "LP/1"})
    assert file.sung((await file.app.get("police", path)).text)
    file.ahead += LASTING
    assert (await file.app.get("police", path)).json()["disclosed"] == {}


# ---- every route


async def test_no_route_tells_an_officer_more_than_was_disclosed() -> None:
    """Every GET of the document, every id of the file in its place: a new route is asked too."""
    file = await told()
    await file.refer("hospital", ("identity", "needs"), "consent")
    await file.refer("police", ("perpetrators",), "emergency")
    tell = {"kind": "social_office", "agency_id": "dinas-sosial", "explained_to_client": True}
    await file.send("caseworker", f"/cases/{file.case_id}/notifications", tell)
    await file.amend()

    for receiver in RECEIVERS:
        for path in addresses(file):
            answer = await file.app.get(receiver, path)
            assert file.sung(answer.text) <= file.may_see(receiver), (receiver, path)


def addresses(file: Told) -> list[str]:
    """Every route that reads, with each of the ids it may be asked with."""
    memory = file.app.memory
    ids = {
        "case_id": [file.case_id],
        "referral_id": [*memory.referrals],
        "notification_id": [*memory.notifications],
        "document_id": [row["document_id"] for row in memory.log if row["document_id"]],
    }
    paths = [path for path, methods in file.app.app.openapi()["paths"].items() if "get" in methods]
    for name, values in ids.items():
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in (values if name in path else [""])]
    return [path for path in paths if path.startswith("/api") and "{" not in path]
