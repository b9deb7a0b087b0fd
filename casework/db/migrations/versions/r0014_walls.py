"""Row-level security."""

from alembic import op

from casework.db.migrations.grants import grant_functions
from casework.db.migrations.walls import (
    ACCOUNT,
    AGENCY,
    ASKED,
    CASES,
    CONTENT,
    DECIDES,
    EXCLUDED,
    OF_OFFICE,
    PARTS,
    ROLE,
    of_receiver,
    wall,
)

revision = "0014"
down_revision = "0015"

# What the caller of the transaction is; nothing after it, where the setting may be left empty.
CALLER = """
CREATE FUNCTION caller(field text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tuntas.' || field, true), '');
"""

# They look with the owner's eyes, which no policy covers: a policy that asked these tables itself would ask for ever.
LOOKUPS = """
CREATE FUNCTION excluded_from(who text) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT array(SELECT case_id FROM exclusions WHERE account_id = who AND lifted_at IS NULL)
$$;
CREATE FUNCTION behind_glass(who text, at timestamptz) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT array(SELECT case_id FROM break_glass WHERE account_id = who AND until > at)
$$;
CREATE FUNCTION referred(of_case text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM referrals
        WHERE case_id = of_case AND agency_id = caller('agency') AND status NOT IN ('pending', 'revoked')
    )
$$;
-- A receiver is shown what was disclosed while it works on it, and for so long after; who was told by law likewise.
CREATE FUNCTION asked(of_case text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM referrals
        WHERE case_id = of_case AND agency_id = caller('agency') AND (
            status IN ('sent', 'acknowledged', 'accepted')
            OR status = 'completed' AND disclosed_until > caller('at')::timestamptz
        )
    ) OR EXISTS (
        SELECT FROM notifications
        WHERE case_id = of_case AND agency_id = caller('agency')
        AND (received_at IS NULL OR disclosed_until > caller('at')::timestamptz)
    )
$$;
-- An agency that is shown no case knows its number only by this; of one that was erased it knows nothing more.
CREATE FUNCTION number_of(of_case text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT number FROM cases WHERE id = of_case AND erased_at IS NULL AND caller('role') IS NOT NULL
$$;
"""
LOOKS = (
    "caller(text)",
    "excluded_from(text)",
    "behind_glass(text, timestamptz)",
    "referred(text)",
    "asked(text)",
    "number_of(text)",
)

OWN_ACT = f"account_id = {ACCOUNT} AND NOT case_id = {EXCLUDED}"
OFFER = "kind = 'transfer_decision' AND (SELECT true FROM cases AS c WHERE c.id = case_id)"
REVIEWS = f"{DECIDES} AND (SELECT c.agency_id = {AGENCY} FROM cases AS c WHERE c.id = case_id)"
OF_DOCUMENT = "(SELECT true FROM documents AS d WHERE d.id = document_id)"
ITS_CASE = "(SELECT true FROM cases AS c WHERE c.id = case_id)"
ITS_CASES = f"EXISTS (SELECT FROM cases AS c WHERE c.id = ANY (case_ids) AND c.agency_id = {AGENCY})"
SEEN = {
    "cases": CASES,
    "case_log": f"{ROLE} = 'auditor' OR {OWN_ACT} OR {PARTS} OR {ASKED}",
    "referrals": of_receiver("status <> 'pending' AND sent_at IS NOT NULL"),
    "notifications": of_receiver("true"),
    "deadlines": f"{ROLE} = 'auditor' OR {PARTS} OR {OFFER}",
    "notices": PARTS,
    "findings": PARTS,
    "documents": f"state = 'kept' AND ({CONTENT} OR {ASKED})",
    "reservations": f"account_id = {ACCOUNT} OR {DECIDES} AND agency_id = {AGENCY}",
    "break_glass": f"(account_id = {ACCOUNT} OR {REVIEWS}) AND NOT case_id = {EXCLUDED}",
    "exclusions": f"account_id = {ACCOUNT} OR ({OF_OFFICE} OR {ROLE} = 'coordinator') AND {PARTS}",
    "client_index": CONTENT,
    "files": OF_DOCUMENT,
    "file_pieces": OF_DOCUMENT,
    "locations": f"state = 'kept' AND {CONTENT}",
    "location_readings": CONTENT,
    "consents": CONTENT,
    "erasures": f"{ROLE} = 'auditor' AND NOT case_id = {EXCLUDED} OR {ITS_CASE}",
    "suspect_numbers": "false",
    "links": "false",
    "access_log": f"{ROLE} = 'auditor' OR {DECIDES} AND (kind = 'refused' AND agency_id = {AGENCY} OR {ITS_CASES})",
    "access_chain": f"{ROLE} = 'auditor'",
}


def upgrade() -> None:
    """Of a case its office sees all, who was asked what was disclosed, the coordinator no content, the auditor logs."""
    for statements in (CALLER, LOOKUPS):
        op.execute(statements)
    grant_functions(LOOKS)
    for table, seen in SEEN.items():
        wall(table, seen)
