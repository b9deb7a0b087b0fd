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


def upgrade() -> None:
    """Make the tables."""
    op.execute(CLIENT_INDEX)
    grant({"client_index": "SELECT, INSERT, DELETE"})
