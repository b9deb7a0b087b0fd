"""Every identifier is made or taken apart here, and nowhere else."""

from uuid import UUID

import uuid_utils

CHECK_MODULUS = 10


def new_id() -> str:
    """A UUIDv7 as text: opaque, and sorted by the time it was made."""
    return str(UUID(bytes=uuid_utils.uuid7().bytes))


def workflow_id(case_id: str) -> str:
    """The Temporal workflow of a case."""
    return f"case-{case_id}"


def case_id_of(workflow_id: str) -> str | None:
    """The case of a Temporal workflow; None where the workflow is not a case's."""
    return workflow_id.removeprefix("case-") if workflow_id.startswith("case-") else None


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
