"""Who asks what of which case, before it becomes an order."""

from dataclasses import dataclass

from casework.models.people import Actor


@dataclass(frozen=True)
class Asking:
    """The circumstances of a command: who gives it, on which case, under which key, on which revision."""

    actor: Actor
    case_id: str = ""
    key: str | None = None
    revision: int | None = None
    subject_id: str | None = None
