"""The record: one activity, one transaction."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from casework.errors import CaseworkError, DatabaseUnavailableError
from casework.events import Recording
from casework.models.state import Entry, Written


class CaseStore(Protocol):
    """Where a case is recorded."""

    def record(self, recording: Recording) -> Written:
        """Write a command's outcome in one transaction; a repeat of the same command writes nothing.

        Raises RecordDivergedError where another command stands at its sequence.
        """
        ...


class RecordsActivities:
    """Activities that write the case database."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    @activity.defn
    def record(self, recording: Recording) -> Entry:
        """Record a command and give its row in the log: of a repeat, as it was written the first time.

        Retried until the database takes it, refused only where the record has diverged.
        """
        try:
            return self._store.record(recording).entry
        except DatabaseUnavailableError as error:
            raise ApplicationError(error.detail, type=error.code) from None
        except CaseworkError as error:
            raise ApplicationError(error.detail, type=error.code, non_retryable=True) from None
