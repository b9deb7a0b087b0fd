"""An entry of the national register (SIMFONI PPA) in its own categories, ready to be keyed in. It names nobody."""

from collections.abc import Iterable, Mapping
from typing import Any

from casework.models.base import Id, Instant, Model

VIOLENCE: Mapping[str, str] = {
    "physical": "fisik",
    "psychological": "psikis",
    "sexual": "seksual",
    "exploitation": "eksploitasi",
    "trafficking": "trafficking",
    "neglect": "penelantaran",
    "other": "lainnya",
}
PLACES: Mapping[str, str] = {
    "household": "rumah tangga",
    "workplace": "tempat kerja",
    "school": "sekolah",
    "public_facility": "fasilitas umum",
    "other": "lainnya",
}
COMPLAINT = "pengaduan"
SERVICES: Mapping[str, str] = {
    "health": "kesehatan",
    "legal_aid": "bantuan hukum",
    "police": "penegakan hukum",
    "prosecution": "penegakan hukum",
    "court": "penegakan hukum",
    "psychosocial": "rehabilitasi sosial",
    "shelter": "rehabilitasi sosial",
    "social_rehabilitation": "rehabilitasi sosial",
    "reintegration": "reintegrasi sosial",
    "repatriation": "pemulangan",
    "religious_counselling": "pendampingan tokoh agama",
}
"""Our services in the eight of the register; the others are not among them."""


class RegisterEntry(Model):
    """What is keyed in of one case, beside what only its file holds."""

    case_id: Id
    number: str
    change: str
    """`new`, `changed` or `closed`."""
    reported_at: Instant
    sex: str | None
    age_band: str | None
    disability: str | None
    subdistrict: str | None
    violence: tuple[str, ...]
    place: str | None
    services: tuple[str, ...]
    suspects: tuple[str, ...]
    categories: tuple[str, ...]
    closure_reason: str | None
    entry_due_at: Instant | None
    entered_at: Instant | None
    """When it was recorded that the case stands in the register; None while it does not."""


def entry(row: Mapping[str, Any]) -> RegisterEntry:
    """The entry of a row of the record."""
    given: Iterable[str] = (SERVICES[service] for service in row["services"] or () if service in SERVICES)
    return RegisterEntry(
        case_id=row["id"],
        number=row["number"],
        change=row["change"],
        reported_at=row["reported_at"],
        sex=row["sex"],
        age_band=row["age_band"],
        disability=row["disability"],
        subdistrict=row["subdistrict"],
        violence=tuple(VIOLENCE.get(kind, kind) for kind in row["violence_types"] or ()),
        place=PLACES.get(row["place"] or "", row["place"]),
        services=(COMPLAINT, *dict.fromkeys(given)),
        suspects=tuple(dict.fromkeys(each["relation"] for each in row["suspects"] or ())),
        categories=tuple(row["categories"] or ()),
        closure_reason=row["closure_reason"] if row["change"] == "closed" else None,
        entry_due_at=row["entry_due_at"],
        entered_at=row["entered_at"],
    )
