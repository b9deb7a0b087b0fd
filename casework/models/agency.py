"""Agencies and what they give. Data in `casework/directory/agencies.toml`."""

from typing import Literal

from casework.models.base import Code, Id, Model, Text
from casework.models.pathway import Service


class Agency(Model):
    """An organisation that can be asked for a service, be told something, or lead a case."""

    id: Id
    name: Text
    kind: Code
    services: tuple[Service, ...] = ()
    parent_id: Id | None = None
    leads: bool = False
    """Whether it is an office that can own cases in this Tuntas."""
    outside: bool = False
    """Whether it belongs to another district or level."""
    province: Code | None = None
    """The province it belongs to; None where it serves the whole nation."""
    ladder: Literal["agency", "village"] = "agency"
    """Who is told above it when it does not answer: the ladder that goes before `agency` for what it owes."""
