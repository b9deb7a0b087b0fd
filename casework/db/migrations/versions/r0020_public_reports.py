"""Reports of the public, until somebody has decided about them."""

from alembic import op

from casework.db.migrations.grants import grant
from casework.db.migrations.walls import AGENCY, EXCLUDED, OF_OFFICE, wall

revision = "0020"
down_revision = "0019"

TABLE = """
CREATE TABLE public_reports (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    sent_as text NOT NULL UNIQUE,
    agency_id text NOT NULL,
    language text NOT NULL,
    area text,
    place text,
    taken_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    told integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    sealed bytea,
    outcome text,
    decided_at timestamptz,
    decided_by text,
    decided_role text,
    decided_under text UNIQUE,
    decided_digest text,
    case_id text,
    new_incident boolean NOT NULL DEFAULT false,
    reason bytea,
    settled_at timestamptz
);
CREATE INDEX public_reports_waiting ON public_reports (agency_id, taken_at, id) WHERE outcome IS NULL;
CREATE INDEX public_reports_decided ON public_reports (agency_id, taken_at, id) WHERE outcome IS NOT NULL;
CREATE INDEX public_reports_next ON public_reports (next_at) WHERE outcome IS NULL;
CREATE INDEX public_reports_unsettled ON public_reports (decided_at) WHERE outcome <> '' AND settled_at IS NULL;
"""


def upgrade() -> None:
    """Add the table. Its office reads it, but for who is excluded from the case that a report became part of."""
    op.execute(TABLE)
    grant({"public_reports": "SELECT, INSERT, UPDATE"})
    wall("public_reports", f"{OF_OFFICE} AND agency_id = {AGENCY} AND NOT coalesce(case_id = {EXCLUDED}, false)")
