"""Every identifier is made or taken apart here, and nowhere else."""

import secrets
from collections.abc import Iterable
from uuid import UUID

import uuid_utils

CHECK_MODULUS = 10
OFFICE = "tuntas"
"""The owner of the keys that belong to no case."""
INDEX = "index"
ROOT_KEY = f"{OFFICE}/root"


def new_id() -> str:
    """A UUIDv7 as text: opaque, and sorted by the time it was made."""
    return str(UUID(bytes=uuid_utils.uuid7().bytes))


def is_id(text: str) -> bool:
    """Whether a text can be an id that `new_id` made."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def workflow_id(case_id: str) -> str:
    """The Temporal workflow of a case."""
    return f"case-{case_id}"


def case_id_of(workflow_id: str) -> str | None:
    """The case of a Temporal workflow; None where the workflow is not a case's."""
    return workflow_id.removeprefix("case-") if workflow_id.startswith("case-") else None


def location_key(case_id: str) -> str:
    """The key of a case under which alone stands where its client is now."""
    return f"{case_id}/location"


def payload_key(owner: str, version: int) -> str:
    """The key that seals payloads of the engine from a version on; the first one is the owner's own."""
    return f"{owner}/payloads:v{version}"


def payload_version(key_ids: Iterable[str]) -> int:
    """The newest version among the payload keys of an owner; 1 where there is none."""
    versions = (key_id.partition("/payloads:v")[2] for key_id in key_ids)
    return max((int(version) for version in versions if version), default=1)


def index_key(version: int) -> str:
    """A key of the index of clients; an earlier one may be destroyed, so it is none of Tuntas's own."""
    return f"{INDEX}/v{version}"


def index_versions(key_ids: Iterable[str]) -> list[int]:
    """The versions of the index of clients, oldest first."""
    return sorted(int(key_id.removeprefix(f"{INDEX}/v")) for key_id in key_ids)


def key_owner(key_id: str) -> str:
    """Whose key it is: a case's, or Tuntas's own."""
    return key_id.partition("/")[0]


def check_digit(digits: str) -> str:
    """ISO 7064 MOD 11,10 over decimal digits."""
    product = CHECK_MODULUS
    for digit in digits:
        total = (product + int(digit)) % CHECK_MODULUS or CHECK_MODULUS
        product = (2 * total) % (CHECK_MODULUS + 1)
    return str((CHECK_MODULUS + 1 - product) % CHECK_MODULUS)


def case_number(district: str, year: int, sequence: int) -> str:
    """`OKUS-2026-00042-1`: district, year taken in, sequence, check digit over year and sequence."""
    return f"{district}-{year}-{sequence:05d}-{check_digit(f'{year}{sequence:05d}')}"


def is_case_number(number: str) -> bool:
    """Whether a number typed by hand can be one of ours."""
    parts = number.rsplit("-", 3)
    if len(parts) != 4 or not all(part.isdecimal() for part in parts[1:]):
        return False
    return check_digit(parts[1] + parts[2]) == parts[3]


def receipt_number() -> str:
    """`4821-0937`: what is told to who reported without an account. It counts nothing and opens nothing."""
    digits = f"{secrets.randbelow(10**7):07d}"
    return f"{digits[:4]}-{digits[4:]}{check_digit(digits)}"
