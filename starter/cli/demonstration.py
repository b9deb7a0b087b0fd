"""The demonstration accounts: one of each role, and an officer of each kind of agency."""

from collections.abc import Mapping

from casework.models.people import Role

OTHER_OFFICE = "uptd-ppa-sumatera-selatan"
OFFICERS = {
    "police": "unit-ppa-polres",
    "prosecutor": "kejaksaan-negeri",
    "hospital": "rsud-muaradua",
    "puskesmas": "puskesmas",
    "court": "pengadilan-negeri",
    "religious-court": "pengadilan-agama",
    "religious-affairs": "kemenag",
    "school": "dinas-pendidikan",
    "social": "dinas-sosial",
    "civil-registry": "disdukcapil",
    "labour": "disnakertrans",
    "probation": "bapas",
    "community": "p2tbm",
}


def accounts_of(lead_unit: str) -> Mapping[str, tuple[Role, str]]:
    """Username → role and agency, for the lead office of this Tuntas."""
    return {
        "caseworker": (Role.CASEWORKER, lead_unit),
        "caseworker2": (Role.CASEWORKER, lead_unit),
        "supervisor": (Role.SUPERVISOR, lead_unit),
        "head": (Role.HEAD, lead_unit),
        "coordinator": (Role.COORDINATOR, "setda-asisten-1"),
        "viewer": (Role.VIEWER, "bupati"),
        "caseworker3": (Role.CASEWORKER, OTHER_OFFICE),
        "supervisor2": (Role.SUPERVISOR, OTHER_OFFICE),
        **{username: (Role.AGENCY_OFFICER, agency_id) for username, agency_id in OFFICERS.items()},
        "administrator": (Role.ADMINISTRATOR, lead_unit),
        "auditor": (Role.AUDITOR, lead_unit),
        "hotline": (Role.SYSTEM, "sapa-129"),
    }
