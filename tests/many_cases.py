"""Cases by the thousand, made up inside the database: most of them closed, a few of those that are open stand still."""

from datetime import datetime

from sqlalchemy import Connection, text

OFFICES = ("dinas", "province")
CASEWORKERS = 30
CLOCKS = 8
EVERY_OPEN, EVERY_STALLED, EVERY_LOST = 3, 60, 400
"""Of so many cases one: is open; stands still (all of them open); has a notice that reached nobody."""

CASES = """
INSERT INTO cases (id, number, status, stage, categories, risk, revision, agency_id, assigned_to, opened_by, opened_at,
    reported_at, stalls_at, urgency, pathways, links, client, sex, violence_types)
SELECT 'case-' || n, 'OKUS-2026-' || n || '-0',
    CASE WHEN n % :open = 0 THEN 'open' ELSE 'closed' END,
    CASE WHEN n % :open = 0 THEN 'referral' ELSE 'closed' END,
    '{trafficking}', (ARRAY['high', 'medium', 'low'])[(n / 7) % 3 + 1], 9,
    CASE WHEN (n / :stalled) % 5 = 0 THEN 'province' ELSE 'dinas' END, by, by, at, at,
    CASE WHEN n % :stalled = 0 THEN CAST(:now AS timestamptz) - n * interval '1 second'
         WHEN n % :open = 0 THEN CAST(:now AS timestamptz) + n * interval '1 second' END,
    (n / 7) % 3, '[]', '[]', '{}', 'unknown', '{}'
FROM generate_series(1, :count) AS n,
    LATERAL (SELECT 'caseworker' || (n / :stalled + n) % :caseworkers AS by,
        CAST(:now AS timestamptz) - n * interval '1 minute' AS at) AS of_case
"""

DEADLINES = """
INSERT INTO deadlines (case_id, id, kind, class_, owner, clock, basis, ladder, reason, since, due_at, armed_at, arming,
    reminded, rung, paused, stalls_at, next_at, forecast, ended_at, met)
SELECT 'case-' || n, 'case-' || n || '.' || d, 'plan', 'local', '{"role": "caseworker"}', 'D', 'reported_at', 'office',
    CASE WHEN n % 7 = 0 THEN 'approval_pending' ELSE 'overdue' END,
    at - interval '1 day', at, at - interval '1 day', 0, false, 0, 0,
    CASE WHEN d <= 4 AND n % :open = 0 THEN at END, CASE WHEN d <= 4 AND n % :open = 0 THEN at END, '[]',
    CASE WHEN d > 4 OR n % :open > 0 THEN at END, CASE WHEN d > 4 OR n % :open > 0 THEN true END
FROM generate_series(1, :count) AS n, generate_series(1, :clocks) AS d,
    LATERAL (SELECT CAST(:now AS timestamptz) + CASE WHEN n % :stalled = 0 AND d = 1 THEN -1 ELSE d END
        * n * interval '1 second' AS at) AS due
"""

NOTICES = """
INSERT INTO notices (id, case_id, case_number, kind, recipient, created_at, state)
SELECT 'notice-' || n, 'case-' || n, 'OKUS-2026-' || n || '-0', 'reminder', '{"account_id": "a"}', :now,
    CASE WHEN n % :lost = 0 THEN 'skipped' ELSE 'delivered' END
FROM generate_series(1, :count) AS n
"""

RESERVATIONS = """
INSERT INTO reservations (account_id, command_id, case_id, number, agency_id, body_digest, risk, reserved_at, started)
SELECT 'hotline', 'command-' || n, 'case-' || n, 'OKUS-2026-' || n || '-0', 'dinas', 'd', 'high', :now, true
FROM generate_series(1, :count) AS n
"""

FINDINGS = """
INSERT INTO findings (id, found_at, kind, case_id, ended_at)
SELECT 'finding-' || n, :now, 'step_failing', 'case-' || n, :now FROM generate_series(1, :count / 4) AS n
"""

OF_CASES = (
    """
INSERT INTO case_log (case_id, sequence, kind, at, account_id, role, agency_id, command_id, body_digest, body,
    case_after, previous, digest)
SELECT id, s, CASE s WHEN 1 THEN 'CaseOpened' WHEN 2 THEN 'CaseAssigned' ELSE 'FollowUpRecorded' END, opened_at,
    opened_by, 'caseworker', agency_id, id || '.' || s, 'd',
    CASE s WHEN 1 THEN jsonb_build_object('channel', 'walk_in', 'reported_at', opened_at, 'alleged_perpetrators',
        jsonb_build_array(jsonb_build_object('relation', 'parent')))
    ELSE '{"reached": true}' END,
    jsonb_build_object('status', status, 'risk', risk, 'categories', categories, 'violence_types', violence_types,
        'assigned_to', assigned_to, 'client', jsonb_build_object('kind', 'child', 'sex', sex)), 'p', 'd'
FROM cases, generate_series(1, 4) AS s
""",
    """
INSERT INTO referrals (id, case_id, asked_at, agency_id, service, urgency, status, disclose, asked_by, sent_at,
    answer_due_at, answered_at, revision)
SELECT 'referral' || substr(id, 5), id, opened_at, :hospital, 'health', 'routine',
    CASE WHEN status = 'open' THEN 'sent' ELSE 'declined' END, '{}', opened_by, opened_at, opened_at,
    CASE WHEN status = 'open' THEN NULL ELSE opened_at END, 1
FROM cases
""",
    """
INSERT INTO notifications (id, case_id, kind, agency_id, made_at)
SELECT 'notification' || substr(id, 5), id, 'police', :police, opened_at FROM cases
""",
    """
INSERT INTO access_log (at, account_id, role, agency_id, thing, kind, case_ids, ground)
SELECT opened_at, opened_by, 'caseworker', agency_id, 'case', 'shown', ARRAY[id], 'assignment' FROM cases
""",
    "UPDATE cases SET assigned_to = :caseworker WHERE assigned_to IN ('caseworker0', 'caseworker1', 'caseworker2')",
)


def fill_around(connection: Connection, caseworker: str, hospital: str, police: str) -> None:
    """What hangs on so many cases: four rows of the log, a referral, a notification and a sight of each; a caseworker
    with a tenth of them."""
    given = {"caseworker": caseworker, "hospital": hospital, "police": police}
    for statement in OF_CASES:
        connection.execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
    connection.execute(text("ANALYZE"))


def fill(connection: Connection, count: int, now: datetime) -> None:
    """Make so many cases, as the owner of the tables, and let the planner know of them."""
    given = {"count": count, "now": now, "clocks": CLOCKS, "caseworkers": CASEWORKERS}
    every = {"open": EVERY_OPEN, "stalled": EVERY_STALLED, "lost": EVERY_LOST}
    for statement in (CASES, DEADLINES, NOTICES, RESERVATIONS, FINDINGS):
        connection.execute(text(statement), {**given, **every})
    connection.execute(text("ANALYZE"))
