"""A case in which every text is a word of its own that knows which part of the file it belongs to."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api_fakes import Web, report, web_at

PARTS = ("identity", "contact", "caregiver", "narrative", "assessment", "risk", "needs", "perpetrators", "documents")
RECEIVERS = {"hospital": ("rsud-muaradua", "health"), "police": ("unit-ppa-polres", "police")}
OVERRIDE = {"given_by": "none", "override_ground": "best_interests", "override_reason": "Terancam."}
LASTING = timedelta(days=40)
"""Longer than any receiver is shown anything after its result."""


@dataclass
class Asked:
    """One referral as the test knows it: what its receiver may see now."""

    id: str
    parts: tuple[str, ...]
    on_consent: bool
    receiver: str
    status: str = "sent"

    @property
    def shown(self) -> frozenset[str]:
        """The parts that may be seen now."""
        return frozenset(self.parts) if self.status in ("sent", "accepted", "completed") else frozenset()


@dataclass
class Told:
    """A file and what its receivers may see of it."""

    app: Web
    ahead: timedelta = timedelta()
    case_id: str = ""
    words: dict[str, str] = field(default_factory=dict)
    """Each word, and the part it belongs to; "" for what is nobody's but the office's."""
    latest: dict[str, str] = field(default_factory=dict)
    """The word that stands now at a place of the form."""
    asked: list[Asked] = field(default_factory=list)
    given: list[tuple[str, str, dict[str, Any], str]] = field(default_factory=list)
    """What receivers gave, with its key: they may send it again."""

    @property
    def now(self) -> datetime:
        """What the office's clock says."""
        return datetime.now(UTC) + self.ahead

    def word(self, part: str, place: str = "") -> str:
        """A fresh word of a part."""
        made = "kenari" + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(10))
        self.words[made] = part
        self.latest[place or part] = made
        return made

    def client(self) -> dict[str, Any]:
        """The client, every text new."""
        own = {name: self.word("identity", name) for name in ("name", "national_id")}
        reached = {name: self.word("contact", name) for name in ("phone", "contact_hours")}
        places = {name: self.word("contact", name) for name in ("address", "village")}
        return {"kind": "child", "age_years": 12, **own, **reached, **places}

    def people(self) -> dict[str, Any]:
        """Everybody of the file, every text new."""
        reporter = {name: self.word("caregiver", f"reporter {name}") for name in ("name", "phone")}
        suspect = {name: self.word("perpetrators", f"suspect {name}") for name in ("name", "phone")}
        return {
            "client": self.client(),
            "reporter": {"kind": "family", **reporter},
            "alleged_perpetrators": [{"relation": "neighbour", **suspect}],
        }

    async def send(self, who: str, path: str, body: Any, **headers: str) -> Any:
        """A command that must be taken."""
        answer = await self.app.post(who, path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        return answer

    async def open(self) -> None:
        """Opened, assigned and assessed."""
        whole = report(**self.people(), narrative=self.word("narrative"))
        self.case_id = (await self.send("caseworker", "/cases", whole)).json()["id"]
        await self.send("supervisor", f"/cases/{self.case_id}/assignment", {"caseworker_id": "caseworker"})
        await self.assess()

    async def assess(self) -> None:
        """An assessment with an account of its own."""
        body = {"risk": "high", "needs": ["health"], "narrative": self.word("assessment"), "safety_plan": self.word("")}
        await self.send("caseworker", f"/cases/{self.case_id}/assessment", body)

    async def amend(self) -> None:
        """Every text about people written anew."""
        await self.send("caseworker", f"/cases/{self.case_id}/client", {**self.people(), "reason": self.word("")})

    async def refer(self, receiver: str, parts: tuple[str, ...], way: str) -> None:
        """A referral on consent, on an override that waits, or in an emergency."""
        agency_id, service = RECEIVERS[receiver]
        body: dict[str, Any] = {"agency_id": agency_id, "service": service, "disclose": parts, "reason": self.word("")}
        body |= {"consent": {"given_by": "caregiver"}} if way == "consent" else {"consent": OVERRIDE}
        body |= {"urgency": "emergency"} if way == "emergency" else {}
        answer = (await self.send("caseworker", f"/cases/{self.case_id}/referrals", body)).json()
        self.asked.append(Asked(answer["id"], parts, way == "consent", receiver, answer["status"]))

    async def confirm(self, one: Asked) -> None:
        """The supervisor lets an override go out."""
        await self.send("supervisor", f"/referrals/{one.id}/override", {"decision": "confirm"})
        one.status = "sent"

    async def move(self, one: Asked, step: str, body: dict[str, Any], status: str) -> None:
        """The receiver moves its referral, under a key that it may repeat."""
        key = f"key-{len(self.given)}"
        path = f"/referrals/{one.id}/{step}"
        await self.send(one.receiver, path, body, Idempotency_Key=key)
        self.given.append((one.receiver, path, body, key))
        one.status = status

    async def withdraw(self) -> None:
        """Consent is taken back."""
        answer = await self.app.post("caseworker", f"/cases/{self.case_id}/consent-withdrawal", {"scope": "sharing"})
        assert answer.status_code == 200, answer.text
        for one in self.asked:
            if one.on_consent and one.status in ("sent", "accepted", "completed"):
                one.status = "revoked"

    def later(self) -> None:
        """Longer than anything is shown after a result."""
        self.ahead += LASTING
        for one in self.asked:
            if one.status == "completed":
                one.status = "past"

    def may_see(self, receiver: str) -> frozenset[str]:
        """The parts that a receiver may see now, of any of its referrals."""
        return frozenset().union(*(one.shown for one in self.asked if one.receiver == receiver))

    def sung(self, text: str) -> set[str]:
        """The parts of which a text holds a word."""
        return {part for word, part in self.words.items() if word in text}


async def told() -> Told:
    """A file that is open and assessed."""
    one = Told(web_at(lambda: one.now))
    await one.open()
    return one
