"""Reading: who sees what, in which shape."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api_fakes import Web, report, web, web_at
from tests.test_api_errors import is_problem
from tests.test_api_writes import opened, referred

ASSESSMENT = {"risk": "medium", "needs": ["health"], "narrative": "Kenari tenang.", "safety_plan": "Pindah."}
LISTS = (
    *("intake", "assessments", "plans", "notifications", "services", "follow-ups", "conferences", "milestones"),
    *("holds", "reports", "reviews"),
)


@pytest.fixture
def app() -> Web:
    return web()


async def test_a_case_is_shown_with_its_revision(app: Web) -> None:
    """The ETag is what a later If-Match repeats."""
    case_id = await opened(app)

    answer = await app.get("caseworker", f"/cases/{case_id}")

    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["client"]["name"] == "Siti Kenari"


@pytest.mark.parametrize("username", ["supervisor", "head"])
async def test_deciders_of_the_office_see_the_client(app: Web, username: str) -> None:
    """All cases of the own office."""
    assert (await app.get(username, f"/cases/{await opened(app)}")).json()["client"] is not None


async def test_the_coordinator_sees_clocks_and_no_content(app: Web) -> None:
    """Risk and due time, nothing about whom or what."""
    case = (await app.get("coordinator", f"/cases/{await opened(app)}")).json()

    assert (case["client"], case["categories"], case["pathways"], case["links"]) == (None, [], [], [])
    assert (case["risk"], case["stage"]) == ("high", "intake")


@pytest.mark.parametrize("username", ["caseworker2", "supervisor2", "police", "viewer", "administrator", "auditor"])
async def test_who_has_no_sight_does_not_find_it(app: Web, username: str) -> None:
    """The same answer as for a case that is not there."""
    case_id = await opened(app)

    answer = await app.get(username, f"/cases/{case_id}")

    is_problem(answer, 404, "not_found")
    assert answer.json() == (await app.get(username, "/cases/nowhere")).json()


async def test_the_client_last_amended_is_shown(app: Web) -> None:
    """An amendment of something else keeps it."""
    case_id = await opened(app)
    client = {"kind": "child", "name": "Siti Merpati", "village": "Desa"}
    await app.post("caseworker", f"/cases/{case_id}/client", {"client": client, "reason": "Salah tulis."})
    await app.post("caseworker", f"/cases/{case_id}/client", {"reporter": {"kind": "self"}})

    shown = (await app.get("caseworker", f"/cases/{case_id}")).json()["client"]

    assert (shown["name"], shown["village"], shown["birth_date"]) == ("Siti Merpati", "Desa", None)


async def test_lists_are_filtered_and_paged(app: Web) -> None:
    """Newest first; the cursor leads through all of them."""
    ids = [(await app.post("supervisor", "/cases", report())).json()["id"] for _ in range(3)]

    first = (await app.get("supervisor", "/cases", limit=2)).json()
    rest = (await app.get("supervisor", "/cases", limit=2, cursor=first["next_cursor"])).json()

    assert [case["id"] for case in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next_cursor"] is None
    assert (await app.get("supervisor", "/cases", category="trafficking")).json()["items"] == []
    assert "client" not in first["items"][0]


async def test_a_case_is_stalled_when_something_is_overdue() -> None:
    """By the clock port, in lists, the case and its outlook alike."""
    app = web_at(lambda: datetime.now(UTC) + timedelta(days=30))
    case_id = (await app.post("supervisor", "/cases", report())).json()["id"]

    listed = (await app.get("supervisor", "/cases", stalled="true")).json()["items"]
    outlook = (await app.get("coordinator", f"/cases/{case_id}/outlook")).json()

    assert [case["id"] for case in listed] == [case_id]
    assert (await app.get("supervisor", "/cases", stalled="false")).json()["items"] == []
    assert outlook["stalled"] is True
    assert "overdue" in outlook["reasons"]
    assert set(outlook["waiting_on"][0]) == {
        *("id", "kind", "category", "referral_id", "owner", "since", "due_at", "overdue", "held_until", "rung", "next"),
        "forecast",
    }


async def test_a_case_is_found_by_its_number(app: Web) -> None:
    """In the list, and in the search."""
    case = (await app.post("supervisor", "/cases", report())).json()

    listed = (await app.get("supervisor", "/cases", number=case["number"])).json()["items"]
    found = (await app.post("supervisor", "/cases/search", {"number": case["number"]})).json()["items"]

    assert [each["id"] for each in listed] == [each["id"] for each in found] == [case["id"]]
    assert (await app.post("supervisor2", "/cases/search", {"number": case["number"]})).json()["items"] == []


async def test_what_was_recorded_is_shown_as_it_was_written(app: Web) -> None:
    """Its texts opened, with id, time and author."""
    case_id = await opened(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", ASSESSMENT)

    (intake,) = (await app.get("caseworker", f"/cases/{case_id}/intake")).json()["items"]
    (assessment,) = (await app.get("supervisor", f"/cases/{case_id}/assessments")).json()["items"]

    assert intake["alleged_perpetrators"][0]["name"] == "Budi Kenari"
    assert assessment.items() >= {**ASSESSMENT, "by": "caseworker"}.items()
    assert {"id", "at", "by"} <= set(assessment)


async def test_a_plan_carries_its_status(app: Web) -> None:
    """Of each, oldest first."""
    case_id = await opened(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", ASSESSMENT)
    for decision in ("return", None):
        await app.post("caseworker", f"/cases/{case_id}/plan", {"goals": ["Pulih"]})
        if decision:
            await app.post("supervisor", f"/cases/{case_id}/plan/decision", {"decision": decision, "reason": "Kurang"})

    plans = (await app.get("supervisor", f"/cases/{case_id}/plans")).json()["items"]

    assert [(plan["status"], plan["goals"]) for plan in plans] == [("returned", ["Pulih"]), ("proposed", ["Pulih"])]


@pytest.mark.parametrize("path", LISTS)
async def test_content_is_for_who_has_a_ground(app: Web, path: str) -> None:
    """Who sees the case without its content is told so; who does not see it does not find it."""
    case_id = await opened(app)

    assert (await app.get("supervisor", f"/cases/{case_id}/{path}")).status_code == 200
    is_problem(await app.get("coordinator", f"/cases/{case_id}/{path}"), 403, "forbidden")
    is_problem(await app.get("supervisor2", f"/cases/{case_id}/{path}"), 404, "not_found")


async def test_the_log_names_documents_and_holds_no_text(app: Web) -> None:
    """The reason is read one by one, by who may."""
    case_id = await opened(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", ASSESSMENT)

    answer = await app.get("auditor", f"/cases/{case_id}/log")

    rows: list[dict[str, Any]] = answer.json()["items"]
    assert [row["kind"] for row in rows] == ["CaseOpened", "CaseAssigned", "AssessmentRecorded"]
    assert "Kenari" not in answer.text
    path = f"/cases/{case_id}/documents/{rows[2]['reason_document_id']}"
    assert (await app.get("caseworker", path)).json()["texts"]["/narrative"] == "Kenari tenang."
    is_problem(await app.get("auditor", path), 404, "not_found")
    is_problem(await app.get("coordinator", path), 403, "forbidden")
    page = (await app.get("supervisor", f"/cases/{case_id}/log", limit=2)).json()
    rest = (await app.get("supervisor", f"/cases/{case_id}/log", cursor=page["next_cursor"])).json()
    assert [row["sequence"] for row in (*page["items"], *rest["items"])] == [1, 2, 3]
    is_problem(await app.get("supervisor", f"/cases/{case_id}/log", cursor="eHg"), 422, "invalid_input")


async def test_actions_say_what_may_be_done(app: Web) -> None:
    """By role and stage, with the code of the refusal."""
    case_id = await opened(app)

    answer = await app.get("caseworker", f"/cases/{case_id}/actions")
    actions = {each["command"]: each for each in answer.json()["items"]}

    assert actions["record_assessment"]["allowed"] is True
    assert actions["assign_case"]["code"] == "forbidden"
    assert actions["propose_plan"]["code"] == "not_allowed_in_stage"
    assert {"approve_plan", "return_plan", "accept_transfer"} <= set(actions)


async def test_the_receiver_reads_what_is_disclosed(app: Web) -> None:
    """In its inbox nothing is opened; of one referral the named parts; of a declined one none."""
    parts = [
        "identity",
        "contact",
        "caregiver",
        "narrative",
        "assessment",
        "risk",
        "needs",
        "perpetrators",
        "documents",
    ]
    referral = await referred(app, disclose=parts)
    path = f"/referrals/{referral['id']}"

    (listed,) = (await app.get("hospital", "/referrals", status="sent")).json()["items"]
    shown = (await app.get("hospital", path)).json()["disclosed"]

    assert (listed["id"], listed["disclosed"]) == (referral["id"], None)
    assert list(shown) == parts
    assert (shown["caregiver"]["name"], shown["narrative"]) == ("Rohana Kenari", "Datang bersama ibunya.")
    assert shown["perpetrators"][0]["name"] == "Budi Kenari"
    is_problem(await app.get("police", path), 404, "not_found")
    assert (await app.get("coordinator", path)).json()["disclosed"] == {}
    await app.post("hospital", f"{path}/answer", {"answer": "declined", "reason": "Penuh."})
    assert (await app.get("hospital", path)).json()["disclosed"] == {}
    (of_case,) = (await app.get("caseworker", f"/cases/{referral['case_id']}/referrals")).json()["items"]
    assert of_case["status"] == "declined"


async def test_reference_data_is_for_who_is_signed_in(app: Web) -> None:
    """Agencies, pathways, and the accounts of the own office."""
    agencies = (await app.get("police", "/agencies", limit=200)).json()["items"]
    pathways = (await app.get("viewer", "/pathways")).json()["items"]
    accounts = (await app.get("supervisor", "/accounts", role="caseworker")).json()["items"]

    assert {"id", "name", "kind", "services", "parent_id"} == set(agencies[0])
    assert {each["category"] for each in pathways} >= {"trafficking", "unclassified"}
    assert [each["username"] for each in accounts] == ["caseworker", "caseworker2"]
    assert (await app.get("viewer", "/pathways/trafficking")).json()["category"] == "trafficking"
    is_problem(await app.get("viewer", "/pathways/nowhere"), 404, "not_found")
    is_problem(await app.get("caseworker", "/accounts"), 403, "forbidden")
