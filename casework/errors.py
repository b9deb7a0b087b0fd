"""Every refusal a person can get, with its stable code and HTTP status.

`detail` is for the person who gets it: what happened and what to do. It never holds personal data.
An error crosses Temporal as its code and comes back as the class of that code.
"""

from typing import Any, ClassVar


class CaseworkError(Exception):
    """A refusal: nothing was changed."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class InvalidInputError(CaseworkError):
    """`extra["errors"]` lists `{"pointer", "code", "detail"}`."""

    code, status, title = "invalid_input", 422, "The input is not valid"


class NotAllowedInStageError(CaseworkError):
    """`extra["allowed"]` lists the stages in which the step is possible."""

    code, status, title = "not_allowed_in_stage", 409, "The stage does not allow this step"


class UnknownAgencyError(CaseworkError):
    code, status, title = "unknown_agency", 422, "Unknown agency"


class UnknownAccountError(CaseworkError):
    code, status, title = "unknown_account", 422, "Unknown account"


class UnknownCaseError(CaseworkError):
    code, status, title = "unknown_case", 422, "Unknown case"


class UnknownServiceError(CaseworkError):
    code, status, title = "unknown_service", 422, "Unknown service"


class ServiceNotGivenError(CaseworkError):
    code, status, title = "service_not_given", 422, "The agency does not give this service"


class ReferralBlockedError(CaseworkError):
    code, status, title = "referral_blocked", 409, "This service is blocked for this case"


class ConsentMissingError(CaseworkError):
    code, status, title = "consent_missing", 409, "Consent or a recorded override is missing"


class ClosureBlockedError(CaseworkError):
    """`extra["blockers"]` names each thing that is still open."""

    code, status, title = "closure_blocked", 409, "Something is still open"


class RecordDivergedError(CaseworkError):
    code, status, title = "record_diverged", 409, "The record is not in the state the engine expects"


class ConflictOfInterestError(CaseworkError):
    code, status, title = "conflict_of_interest", 409, "Conflict of interest"


class AlreadySeenError(CaseworkError):
    code, status, title = "already_seen", 409, "You see it already"


class RecordsHeldError(CaseworkError):
    code, status, title = "records_held", 409, "A legal hold stands against it"


class ErasedError(CaseworkError):
    code, status, title = "erased", 404, "The case was erased"


class HoldNotAllowedError(CaseworkError):
    code, status, title = "hold_not_allowed", 409, "This deadline may not be held"


class LinkNotAllowedError(CaseworkError):
    code, status, title = "link_not_allowed", 409, "No one-time link may be made"


class AlreadyDecidedError(CaseworkError):
    code, status, title = "already_decided", 409, "Already decided"


class AlreadyKeptError(CaseworkError):
    code, status, title = "already_kept", 409, "Recorded as done before"


class FourEyesError(CaseworkError):
    code, status, title = "four_eyes", 403, "Another person must decide"


class ForbiddenError(CaseworkError):
    code, status, title = "forbidden", 403, "Not allowed for this role"


class NotFoundError(CaseworkError):
    code, status, title = "not_found", 404, "Not found"


class UnauthenticatedError(CaseworkError):
    code, status, title = "unauthenticated", 401, "Sign in first"


class SecondFactorRequiredError(CaseworkError):
    """The password is right. `extra["enrolment"]` is there where a second factor has yet to be set up."""

    code, status, title = "second_factor_required", 401, "A second factor is asked for"


class RevisionConflictError(CaseworkError):
    """`extra["revision"]` is the current one."""

    code, status, title = "revision_conflict", 412, "The case has changed since you read it"


class StaleVersionError(CaseworkError):
    code, status, title = "stale_version", 409, "What is in force has changed"


class IdempotencyKeyReusedError(CaseworkError):
    code, status, title = "idempotency_key_reused", 422, "This key was used for another request"


class TooLargeError(CaseworkError):
    code, status, title = "too_large", 413, "The request is too large"


class TooManyRequestsError(CaseworkError):
    code, status, title = "too_many_requests", 429, "Too many requests"


class CaseRollingOverError(CaseworkError):
    """The case is moving to a fresh run; the caller repeats by itself."""

    code, status, title = "case_rolling_over", 503, "Try again in a moment"


class EngineUnavailableError(CaseworkError):
    code, status, title = "engine_unavailable", 503, "The engine is away"


class DatabaseUnavailableError(CaseworkError):
    code, status, title = "database_unavailable", 503, "The database is away"


class WallsMissingError(CaseworkError):
    """A process that would read whatever it likes does not start."""

    code, status, title = "walls_missing", 503, "The database does not keep cases apart"


class ProviderUnavailableError(CaseworkError):
    code, status, title = "provider_unavailable", 503, "The other provider is away"


class BrokenStepError(CaseworkError):
    """A defect failed this one command; the case lives on."""

    code, status, title = "internal_error", 500, "Something went wrong on our side"


def _all(base: type[CaseworkError]) -> dict[str, type[CaseworkError]]:
    return {kind.code: kind for kind in base.__subclasses__()}


BY_CODE: dict[str, type[CaseworkError]] = _all(CaseworkError)
