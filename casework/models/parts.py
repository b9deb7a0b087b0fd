"""The parts that commands are made of. Texts marked sealed never leave the vault in the clear."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from casework.models.base import Code, Id, Instant, Model, Reference, Sealed, SealedText, Text
from casework.models.codes import (
    AgeGroup,
    Assent,
    ClientKind,
    ConsentGiver,
    Disability,
    LinkRelation,
    Medium,
    OverrideGround,
    Relation,
    ReporterKind,
    Sex,
)
from casework.models.pathway import Service

Short = Annotated[Text, Field(max_length=300)]
SealedShort = Annotated[Short | None, Sealed()]
SealedItem = Annotated[Text, Sealed()]
SealedDate = Annotated[date | None, Sealed()]


class Reporter(Model):
    """Who reported. `kind` alone is enough: anonymous reports are taken."""

    kind: ReporterKind
    agency_id: Id | None = None
    name: SealedShort = None
    phone: SealedShort = None


class Client(Model):
    """The one client of a case; everything but `kind` may be missing when the report comes."""

    kind: ClientKind
    name: SealedShort = None
    sex: Sex = Sex.UNKNOWN
    birth_date: SealedDate = None
    age_years: Annotated[int, Field(ge=0, le=130)] | None = None
    national_id: SealedShort = None
    address: SealedShort = None
    subdistrict: Short | None = None
    village: SealedShort = None
    phone: SealedShort = None
    safe_to_contact: bool | None = None
    contact_hours: SealedShort = None
    in_school: bool | None = None
    disability: Disability | None = None
    pregnant: bool | None = None


class Perpetrator(Model):
    """An alleged perpetrator, as far as known."""

    relation: Relation
    sex: Sex = Sex.UNKNOWN
    age_group: AgeGroup = AgeGroup.UNKNOWN
    name: SealedShort = None
    phone: SealedShort = None


class Agreed(Model):
    """Who consented, and how. `none` means no consent."""

    given_by: ConsentGiver
    giver_suspected: bool | None = None
    """Whether who gave it is among those suspected; None where nobody said."""
    assent: Assent | None = None
    given_at: Instant | None = None
    """When it was given; None for when it was recorded."""


class Consent(Agreed):
    """What the client, or who may speak for the client, agreed to, whichever agency it is."""

    services: bool = False
    sharing: bool = False

    @property
    def effective_services(self) -> bool:
        """Consent to services; false where nobody gave it."""
        return self.services and self.given_by is not ConsentGiver.NONE

    @property
    def effective_sharing(self) -> bool:
        """Consent to sharing; false where nobody gave it."""
        return self.sharing and self.given_by is not ConsentGiver.NONE


class ReferralConsent(Agreed):
    """Consent to one referral, or the ground on which it goes without."""

    given_by: ConsentGiver = ConsentGiver.NONE
    override_ground: OverrideGround | None = None
    override_reason: SealedText = None

    @model_validator(mode="after")
    def _ground_for_reason(self) -> Self:
        if self.override_reason is not None and self.override_ground is None:
            raise ValueError("override_reason needs an override_ground")
        return self


class Link(Model):
    """A link to another case; it gives no sight of that case."""

    case_id: Id
    relation: LinkRelation


class PlannedService(Model):
    """One service of a plan, who gives it and by when."""

    service: Service
    agency_id: Id | None = None
    due_on: date | None = None


class WaivedService(Model):
    """A default service that the plan leaves out, with the reason."""

    service: Service
    reason: SealedText = None


class RecordedFrom(Model):
    """How a caseworker knows what an agency without a working account has said."""

    medium: Medium
    reference: Reference
    at: Instant


class ConferenceDecision(Model):
    """One decision of a case conference."""

    what: SealedItem
    owner: Id | None = None
    due_on: date | None = None


class LeftOpen(Model):
    """A partner's running clock at closing, and who follows it."""

    deadline_id: Code | Id
    followed_by: Id
