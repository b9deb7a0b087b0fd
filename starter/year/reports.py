"""Who is reported, how and when: the openings of a year's cases, drawn by the proportions. Nobody in them is real."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from casework.models.pathway import Category
from starter.year.proportions import Proportions

ADULT_AT = 18
MORE_THAN_ONE = 0.225
"""How often a victim met a second kind of violence: 42,342 kinds of 34,561 victims, in the source of the kinds."""
UNCLASSIFIED = 0.03
NO_CONSENT = 0.07
NO_INCIDENT = 0.12
NOWHERE = 0.03
ENTERED_WITHIN = timedelta(minutes=20)
CARERS = ("parent", "caregiver")
BY_AGENCY = (("hospital", "rsud-muaradua"), ("puskesmas", "puskesmas"), ("police", "unit-ppa-polres"), ("school", ""))
GRAVE = frozenset({Category.SEXUAL_VIOLENCE, Category.TRAFFICKING})


@dataclass(frozen=True)
class Report:
    """A report as it reaches the office: when it is entered, by whom, and what an assessment will make of it."""

    entered: datetime
    by: str
    body: dict[str, Any]
    categories: tuple[Category, ...]
    violence: tuple[str, ...]
    place: str
    risk: str
    consents: bool


def drawn(dice: Random, of: Proportions, at: datetime, number: int) -> Report:
    """One report, received at an instant."""
    low, _, high = of.age.draw(dice).partition("-")
    years = dice.randint(int(low), int(high))
    violence = _violence(dice, of)
    place, suspect = of.place.draw(dice), of.suspect.draw(dice)
    categories = _categories(dice, violence[0], years, place)
    if Category.DOMESTIC_VIOLENCE in categories and years >= ADULT_AT:
        place, suspect = "household", dice.choices(["intimate_partner", "other_family"], [9, 1])[0]
    consents = dice.random() > NO_CONSENT
    by, channel, reporter = _reporter(dice, of, years)
    opens_as = (Category.UNCLASSIFIED,) if dice.random() < UNCLASSIFIED else categories
    body = {
        "channel": channel,
        "reported_at": at,
        "incident_at": _incident(dice, of, at),
        "categories": opens_as,
        "reporter": reporter,
        "client": _client(dice, of, years, number),
        "alleged_perpetrators": [{"relation": suspect, "sex": _sex_of_suspect(dice)}],
        "consent": _consent(years, suspect, consents),
        "narrative": f"Data contoh, bukan kejadian nyata: laporan ke-{number}.",
    }
    entered = at + ENTERED_WITHIN * dice.uniform(0.2, 1.0)
    return Report(entered, by, body, categories, violence, place, _risk(dice, categories), consents)


def moment(dice: Random, of: Proportions, begins: date, days: int, zone: ZoneInfo) -> datetime:
    """When a report comes in: a day of the year by month and weekday, an hour at which people come or call."""
    all_days = [begins + timedelta(days=n) for n in range(days)]
    weights = [of.month.of[str(day.month)] * of.weekday.of[str(day.weekday())] for day in all_days]
    day = dice.choices(all_days, weights)[0]
    hour = min(max(dice.gauss(11.5, 2.6), 0.2), 23.5)
    return datetime.combine(day, time(), zone) + timedelta(minutes=int(hour * 60))


def _violence(dice: Random, of: Proportions) -> tuple[str, ...]:
    first = of.violence.draw(dice)
    second = of.violence.draw(dice) if dice.random() < MORE_THAN_ONE else first
    return tuple(dict.fromkeys((first, second)))


def _categories(dice: Random, violence: str, years: int, place: str) -> tuple[Category, ...]:
    child = years < ADULT_AT
    match violence:
        case "sexual":
            at_home = (Category.DOMESTIC_VIOLENCE,) if not child and place == "household" else ()
            return (Category.SEXUAL_VIOLENCE, *((Category.CHILD_VIOLENCE,) if child else at_home))
        case "trafficking":
            return (Category.TRAFFICKING,)
        case "exploitation" if not child:
            return (Category.TRAFFICKING,)
        case "other" if years in range(13, ADULT_AT):
            return (dice.choice((Category.CHILD_MARRIAGE, Category.CHILD_IN_CONFLICT)),)
    return (Category.CHILD_VIOLENCE if child else Category.DOMESTIC_VIOLENCE,)


def _client(dice: Random, of: Proportions, years: int, number: int) -> dict[str, Any]:
    child = years < ADULT_AT
    return {
        "kind": "child" if child else "adult",
        "name": f"Klien contoh {number}",
        "sex": of.sex.draw(dice),
        "age_years": years,
        "subdistrict": of.subdistrict.draw(dice) if dice.random() > NOWHERE else None,
        "in_school": dice.random() < 0.85 if child and years > 6 else None,
        "disability": of.disability.draw(dice),
    }


def _reporter(dice: Random, of: Proportions, years: int) -> tuple[str, str, dict[str, Any]]:
    """Who enters it, the channel, and who reported."""
    channel = of.channel.draw(dice)
    if channel == "hotline":
        return "hotline", channel, {"kind": "agency", "agency_id": "sapa-129"}
    if channel == "agency":
        by, agency_id = dice.choice(BY_AGENCY)
        return by, channel, {"kind": "agency", "agency_id": agency_id or "dinas-pendidikan"}
    if channel == "community":
        return "community", channel, {"kind": "agency", "agency_id": "p2tbm"}
    kinds, shares = ("self", "family", "anonymous"), (8 if years >= ADULT_AT else 1, 6, 1)
    return "caseworker", channel, {"kind": dice.choices(kinds, shares)[0]}


def _consent(years: int, suspect: str, consents: bool) -> dict[str, Any]:
    if not consents:
        return {"given_by": "none"}
    giver = "self" if years >= ADULT_AT else "guardian" if suspect in CARERS else "caregiver"
    return {"given_by": giver, "services": True, "sharing": True}


def _incident(dice: Random, of: Proportions, at: datetime) -> datetime | None:
    if dice.random() < NO_INCIDENT:
        return None
    bands = [*map(int, of.delay.of), 400]
    first = int(of.delay.draw(dice))
    last = bands[bands.index(first) + 1]
    return at - timedelta(minutes=dice.randint(first * 1440 + 30, last * 1440 - 30))


def _sex_of_suspect(dice: Random) -> str:
    return dice.choices(["male", "female"], [20367, 2652])[0]


def _risk(dice: Random, categories: tuple[Category, ...]) -> str:
    shares = (50, 38, 12) if not GRAVE.isdisjoint(categories) else (22, 48, 30)
    return dice.choices(["high", "medium", "low"], shares)[0]
