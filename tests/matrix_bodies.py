"""What is sent to each route: whole, as its model has it, so that a refusal is one of access and of nothing else.

Who may is not to change anything either. A command says that it was made on another revision, which is told after all
that is asked of its giver and before anything is done; other writes carry what is refused at the very end.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import ImmutableMultiDict

from tests.api_fakes import report
from tests.matrix_world import Subject, World
from tests.stack import PASSWORD
from web.pages.fields import Field

Json = dict[str, Any]
STALE = {"If-Match": '"999999"'}
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()
BEFORE = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
DONE = {"at": BEFORE, "note": "Sudah."}
CASE, REFERRAL, NOTIFICATION = "/cases/{case_id}", "/referrals/{referral_id}", "/notifications/{notification_id}"
GIVEN: dict[str, Json] = {
    f"{CASE}/client": {"client": {"kind": "child", "name": "Melati"}, "reason": "Salah tulis."},
    f"{CASE}/assignment": {"caseworker_id": "nobody-we-know"},
    f"{CASE}/assessment": {"risk": "low", "narrative": "Aman."},
    f"{CASE}/plan": {"goals": ["Aman"], "services": [{"service": "health"}]},
    f"{CASE}/plan/decision": {"decision": "return", "reason": "Belum lengkap."},
    f"{CASE}/notifications": {"kind": "police", "agency_id": "nobody-we-know", "explained_to_client": True},
    f"{CASE}/milestones": {"kind": "not_a_milestone", **DONE},
    f"{CASE}/reviews": {"risk": "low", "note": "Dibaca."},
    f"{CASE}/referrals": {"agency_id": "nobody-we-know", "service": "health", "reason": "Perlu."},
    f"{CASE}/services": {"service": "health", "agency_id": "nobody-we-know", **DONE},
    f"{CASE}/follow-ups": {"reached": True, **DONE},
    f"{CASE}/conferences": {"at": BEFORE, "decisions": [{"what": "Dijenguk", "owner": "nobody-we-know"}]},
    f"{CASE}/location": {"name": "Rumah lain"},
    f"{CASE}/holds": {"deadline_ids": ["x"], "reason": "Menunggu.", "until": LATER},
    f"{CASE}/holds/{{hold_id}}/release": {},
    f"{CASE}/reminders": {"deadline_id": "x"},
    f"{CASE}/escalations": {"deadline_id": "x"},
    f"{CASE}/closure": {"reason": "goals_met", "left_open": [{"deadline_id": "x", "followed_by": "nobody-we-know"}]},
    f"{CASE}/closure/decision": {"decision": "return", "reason": "Belum."},
    f"{CASE}/reopening": {"reason": "Datang lagi."},
    f"{CASE}/duplicate": {"of_case_id": "no-such-case", "reason": "Sama."},
    f"{CASE}/transfer": {"to_agency_id": "nobody-we-know", "reason": "Pindah."},
    f"{CASE}/transfer/decision": {"decision": "decline", "reason": "Tidak."},
    f"{CASE}/consent-withdrawal": {"scope": "sharing", "agency_id": "nobody-we-know"},
    f"{CASE}/letters": {"kind": "case_summary", "agencies": ["nobody-we-know"]},
    f"{CASE}/legal-hold": {"reason": "Perkara berjalan."},
    f"{CASE}/legal-hold/release": {"reason": "Perkara selesai."},
    f"{CASE}/erasure": {"reason": "Permintaan klien."},
    f"{CASE}/erasure/decision": {"decision": "return", "reason": "Belum."},
    f"{CASE}/subject-access": {"given_to": "self", "reason": "Permintaan tertulis."},
    f"{CASE}/links": {"case_id": "no-such-case", "relation": "sibling"},
    f"{REFERRAL}/override": {"decision": "confirm"},
    f"{REFERRAL}/answer": {"answer": "accepted"},
    f"{REFERRAL}/progress": {"kind": "not_a_milestone", **DONE},
    f"{REFERRAL}/result": {"outcome": "service_provided"},
    f"{REFERRAL}/revocation": {"reason": "Tidak perlu."},
    f"{NOTIFICATION}/receipt": {"reference": "B-12"},
}
"""Bodies of commands. An id in them is nobody's: who may not give a command does not learn even that."""
AT_ITS_END: dict[str, Json] = {
    "/cases": report(reported_at=LATER, narrative="Besok."),
    f"{CASE}/reports": {"channel": "phone", "reported_at": LATER, "reporter": {"kind": "family"}},
    f"{CASE}/location/readings": {"reason": "Menjemput klien."},
    f"{CASE}/exclusions": {"account_id": "nobody-we-know", "ground": "own_interest"},
    "/break-glass/{glass_id}/review": {"justified": True},
    "/accounts/{account_id}/absence": {"from": LATER, "until": BEFORE},
    "/contacts": {"medium": "email", "address": "kantor@example.org"},
    "/agencies/{agency_id}/mailbox": {"address": "no-mailbox"},
    "/outreach": {
        "held_on": LATER[:10],
        "subjects": ["parenting"],
        "subdistrict": "simpang",
        "place": "Balai desa",
        "organiser": "dinas-pppappkb",
        "opened_by": "camat",
        "participants": [{"count": 20}],
    },
    "/outreach/{outreach_id}/promises/{promise_id}/kept": {"kept_on": "2000-01-01"},
    "/public-reports/{report_id}/opening": report(reported_at=LATER, narrative="x" * 20_000),
    "/public-reports/{report_id}/addition": {"number": "no-such-case"},
    "/public-reports/{report_id}/closing": {"reason": "Tidak benar."},
    "/password": {"current": PASSWORD, "new": "password1234"},
    "/second-factor": {"password": PASSWORD},
    "/second-factor/confirmation": {"otp": "000000"},
}
"""Other bodies: refused at the end, or such that nothing comes of them that would matter here."""


def sent(world: World, subject: Subject, path: str) -> Json:
    """What a request carries beside its address and its token, as `httpx` takes it."""
    short = path.removeprefix("/api/v1")
    if short in GIVEN:
        return {"json": GIVEN[short], "headers": STALE}
    if short in AT_ITS_END:
        return {"json": AT_ITS_END[short]}
    if short == f"{CASE}/documents":
        return {"files": {"file": ("catatan.txt", b"Catatan.")}, "data": {"kind": "letter"}, "headers": STALE}
    if short == "/cases/search":
        return {"json": {"number": subject.number}}
    if short == "/break-glass":
        return {"json": {"number": subject.number, "reason": "Klien datang malam ini."}}
    if short == "/codec/decode":
        return {"json": {"payloads": [subject.payload]}, "headers": {"X-Namespace": "default"}}
    return {}


def form_of(fields: tuple[Field, ...], body: Json) -> ImmutableMultiDict[str, str]:
    """A body as a browser would send it: the other way round of `web.pages.filled`."""
    return ImmutableMultiDict(list(_pairs(fields, body, "")))


def _pairs(fields: tuple[Field, ...], body: Json, within: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        value, name = body.get(field.own), f"{within}{field.own}"
        if value is None:
            continue
        if field.kind == "group":
            yield from _pairs(field.parts, value, f"{name}.")
        elif field.kind == "rows":
            for number, each in enumerate(value):
                rows = _pairs(field.parts, each, f"{name}.{number}.") if isinstance(each, dict) else ()
                yield from rows or ((f"{name}.{number}", str(each)),)
        elif field.kind == "choices":
            yield from ((name, each) for each in value)
        else:
            yield name, _text(field, value)


def _text(field: Field, value: Any) -> str:
    if field.kind == "time":
        return datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M")
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
