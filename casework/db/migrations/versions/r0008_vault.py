"""Search by keyed indexes, files, and where the client is now."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0008"
down_revision = "0007"

# Rows come with a pending document and go with it; kept, they count until the client is written anew, or erased.
CLIENT_INDEX = """
CREATE TABLE client_index (
    token bytea NOT NULL,
    document_id text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    case_id text NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (token, document_id)
);
CREATE INDEX client_index_of_document ON client_index (document_id);
CREATE INDEX client_index_of_case ON client_index (case_id);
"""

# The content of documents that are files. It comes and goes with its document, which stays once it is kept.
FILES = """
CREATE TABLE files (
    document_id text PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    type text NOT NULL,
    size integer NOT NULL,
    count integer NOT NULL
);
CREATE TABLE file_pieces (
    document_id text NOT NULL REFERENCES files (document_id) ON DELETE CASCADE,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (document_id, number)
);
ALTER TABLE file_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;
"""

# Apart from `documents`: whatever reads those, now or later, cannot come upon where a client is.
LOCATIONS = """
CREATE TABLE locations (
    id text PRIMARY KEY,
    case_id text NOT NULL,
    command_id text NOT NULL,
    digest text NOT NULL,
    sealed bytea NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'kept')),
    stored_at timestamptz NOT NULL
);
CREATE INDEX locations_of_case ON locations (case_id);
CREATE INDEX locations_pending ON locations (stored_at) WHERE state = 'pending';
CREATE TRIGGER kept_stays BEFORE UPDATE OR DELETE ON locations
    FOR EACH ROW WHEN (OLD.state = 'kept') EXECUTE FUNCTION refuse_change();
CREATE TABLE location_readings (
    id text PRIMARY KEY,
    case_id text NOT NULL,
    location_id text NOT NULL REFERENCES locations (id),
    at timestamptz NOT NULL,
    account_id text NOT NULL,
    role text NOT NULL,
    agency_id text NOT NULL,
    reason bytea NOT NULL
);
CREATE INDEX location_readings_of_case ON location_readings (case_id, at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON location_readings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(CLIENT_INDEX)
    op.execute(FILES)
    op.execute(LOCATIONS)
    grant(
        {
            "client_index": "SELECT, INSERT, DELETE",
            **dict.fromkeys(("files", "file_pieces"), "SELECT, INSERT"),
            "locations": "SELECT, INSERT, UPDATE (state), DELETE",
            "location_readings": "SELECT, INSERT",
        }
    )
