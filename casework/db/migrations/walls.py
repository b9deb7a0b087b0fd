"""Row-level security, table by table: the application's role sees what the caller of its transaction may see.

`casework.rules.access` says the same of whoever reads; a test holds both equal. What happens by itself sees and writes
all.
Who calls, and of which cases it is excluded or has broken the glass, is said with the transaction
(`casework.db.caller`): looking that up for each row costs less than planning a subquery for each table.
"""

from alembic import context, op

# Written out: to inline a function takes the planner longer than all the rest of a policy. No id is empty.
ROLE, ACCOUNT, AGENCY = (f"current_setting('tuntas.{name}', true)" for name in ("role", "account", "agency"))
GLASS = "ANY (nullif(current_setting('tuntas.glass', true), '')::text[])"
EXCLUDED = "ANY (nullif(current_setting('tuntas.excluded', true), '')::text[])"
DECIDES = f"{ROLE} IN ('supervisor', 'head')"
OF_OFFICE = f"{ROLE} IN ('caseworker', 'supervisor', 'head')"

CASES = f"""
CASE {ROLE}
    WHEN 'caseworker' THEN
        agency_id = {AGENCY} AND (assigned_to = {ACCOUNT} OR assigned_to IS NULL AND opened_by = {ACCOUNT})
    WHEN 'agency_officer' THEN reported_by_agency = {AGENCY} OR referred(id)
    WHEN 'system' THEN opened_by = {ACCOUNT}
    WHEN 'coordinator' THEN true
    ELSE {DECIDES} AND (agency_id = {AGENCY} OR transfer_to = {AGENCY} OR id = {GLASS})
END AND NOT id = {EXCLUDED}
"""

# A scalar subquery is never turned into a read of all cases. Of an offered case nothing is seen but its row.
PARTS = f"""(
    SELECT NOT {DECIDES} OR c.agency_id = {AGENCY} OR c.id = {GLASS} FROM cases AS c WHERE c.id = case_id
)"""
CONTENT = f"{OF_OFFICE} AND {PARTS}"
ASKED = f"{ROLE} = 'agency_officer' AND asked(case_id) AND NOT case_id = {EXCLUDED}"


def of_receiver(sent: str) -> str:
    """What the office and the coordinator see of its cases, and an agency of what was sent to it."""
    return f"""
CASE
    WHEN {ROLE} = 'agency_officer' THEN agency_id = {AGENCY} AND {sent} AND NOT case_id = {EXCLUDED}
    WHEN {OF_OFFICE} OR {ROLE} = 'coordinator' THEN {PARTS}
END
"""


def wall(table: str, seen: str) -> None:
    """Let the application's role see of a table what the condition says of the caller."""
    quote = op.get_bind().dialect.identifier_preparer.quote_identifier
    role = quote(context.config.attributes["app_role"])
    itself = f"{ROLE} = 'engine'"
    op.execute(f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY by_itself ON {quote(table)} TO {role} USING ({itself}) WITH CHECK ({itself})")
    # Statements ask for no more than this themselves: so put, the planner takes it that nearly every row passes, and
    # reads a page through the index that has its order rather than all of which it would be a part.
    op.execute(f"CREATE POLICY seen ON {quote(table)} FOR SELECT TO {role} USING (nullif({seen}, false) IS NOT NULL)")
