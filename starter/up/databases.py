"""Roles and databases inside the server: an owner that migrates, the application's role, and one for checkpoints."""

import psycopg
from psycopg import sql

from starter.up import postgres
from starter.up.keys import Secrets
from starter.up.ports import Ports
from starter.up.refused import Refused

OWNER, APPLICATION, NOTARY = "tuntas_owner", "tuntas_app", "tuntas_notary"
DATABASES = {"tuntas": APPLICATION, "tuntas_keys": APPLICATION, "tuntas_checkpoints": NOTARY}
"""Each with the role that connects to it."""
PLAIN = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")

Connection = psycopg.Connection[tuple[object, ...]]


def ensure(ports: Ports, secrets: Secrets) -> None:
    """Bring roles and databases to what they should be; repeating it finishes a start that was cut short."""
    try:
        with postgres.connect(ports, secrets) as connection:
            _role(connection, OWNER, secrets.tuntas_owner)
            _role(connection, APPLICATION, secrets.tuntas_app)
            _role(connection, NOTARY, secrets.tuntas_notary)
            for name, role in DATABASES.items():
                _database(connection, name, role)
    except psycopg.Error as error:
        raise Refused(f"the databases could not be made: {error}") from error


def _role(connection: Connection, name: str, password: str) -> None:
    role = sql.Identifier(name)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    # The server is given the verifier, so that no log of its statements can hold the password.
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(role, PLAIN, sql.Literal(verifier)))


def _database(connection: Connection, name: str, connects: str) -> None:
    database, owner, role = (sql.Identifier(word) for word in (name, OWNER, connects))
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    # Whoever else gets a role here later gets in only by name.
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
