"""Cases, their log and what hangs on them."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0001"
down_revision = None

CASES = """
CREATE TABLE cases (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    status text NOT NULL,
    stage text NOT NULL,
    categories text[] NOT NULL,
    risk text NOT NULL,
    revision integer NOT NULL,
    agency_id text NOT NULL,
    assigned_to text,
    opened_by text NOT NULL,
    reported_by_agency text,
    opened_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    closed_at timestamptz,
    due_at timestamptz,
    pathways jsonb NOT NULL,
    links jsonb NOT NULL,
    client jsonb NOT NULL,
    sex text NOT NULL,
    age_band text,
    subdistrict text,
    violence_types text[] NOT NULL,
    place text
);
CREATE INDEX cases_newest ON cases (agency_id, opened_at, id);
CREATE INDEX cases_assigned ON cases (assigned_to);
CREATE INDEX cases_opened_by ON cases (opened_by);
CREATE INDEX cases_reported_by ON cases (reported_by_agency);
"""

CASE_LOG = """
CREATE TABLE case_log (
    case_id text NOT NULL REFERENCES cases (id),
    sequence integer NOT NULL CHECK (sequence > 0),
    kind text NOT NULL,
    at timestamptz NOT NULL,
    account_id text NOT NULL,
    role text NOT NULL,
    agency_id text NOT NULL,
    command_id text NOT NULL UNIQUE,
    body_digest text NOT NULL,
    subject_id text,
    document_id text,
    document_digest text,
    body jsonb NOT NULL,
    case_after jsonb NOT NULL,
    referral_after jsonb,
    previous text NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (case_id, sequence)
);
"""

# ALWAYS, so that `session_replication_role` cannot switch it off; FOR EACH STATEMENT, because TRUNCATE has no rows.
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE case_log ENABLE ALWAYS TRIGGER append_only;
"""

PARTS = """
CREATE TABLE referrals (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases (id),
    asked_at timestamptz NOT NULL,
    agency_id text NOT NULL,
    service text NOT NULL,
    urgency text NOT NULL,
    status text NOT NULL,
    disclose text[] NOT NULL,
    override_ground text,
    override_confirmed boolean,
    asked_by text NOT NULL,
    sent_at timestamptz,
    answer_due_at timestamptz,
    result_due_at timestamptz,
    answered_at timestamptz,
    completed_at timestamptz,
    outcome text,
    reference text,
    revision integer NOT NULL
);
CREATE INDEX referrals_of_case ON referrals (case_id);
CREATE INDEX referrals_inbox ON referrals (agency_id, asked_at, id);
CREATE TABLE notifications (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases (id),
    kind text NOT NULL,
    agency_id text NOT NULL,
    made_at timestamptz NOT NULL,
    reference text,
    received_at timestamptz,
    receipt_reference text
);
CREATE INDEX notifications_of_case ON notifications (case_id);
CREATE INDEX notifications_inbox ON notifications (agency_id, made_at);
CREATE TABLE deadlines (
    case_id text NOT NULL REFERENCES cases (id),
    id text NOT NULL,
    kind text NOT NULL,
    class_ text NOT NULL,
    category text,
    referral_id text,
    owner jsonb NOT NULL,
    clock text NOT NULL,
    basis text NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    ended_at timestamptz,
    met boolean,
    PRIMARY KEY (case_id, id)
);
CREATE INDEX deadlines_running ON deadlines (due_at) WHERE ended_at IS NULL;
"""

NOTICES = """
CREATE TABLE notices (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases (id),
    case_number text NOT NULL,
    kind text NOT NULL,
    recipient jsonb NOT NULL,
    due_at timestamptz,
    about_id text,
    created_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'skipped', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    told text[] NOT NULL DEFAULT '{}',
    last_error text,
    next_try timestamptz
);
CREATE INDEX notices_of_case ON notices (case_id);
CREATE INDEX notices_queued ON notices (created_at) WHERE state = 'queued';
"""


def upgrade() -> None:
    """Make the tables; the log is given to the application to read and to add to, nothing else."""
    # Before PostgreSQL 15 anybody might make tables in `public`.
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for statements in (CASES, CASE_LOG, APPEND_ONLY, PARTS, NOTICES):
        op.execute(statements)
    mutable = dict.fromkeys(("cases", "referrals", "notifications", "deadlines", "notices"), "SELECT, INSERT, UPDATE")
    grant({**mutable, "case_log": "SELECT, INSERT", "alembic_version": "SELECT"})
