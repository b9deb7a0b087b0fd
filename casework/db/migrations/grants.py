"""What the application's role may do, table by table: a table that is not named here is out of its reach."""

from collections.abc import Iterable, Mapping

from alembic import context, op


def grant(rights: Mapping[str, str]) -> None:
    """Grant the application's role the rights named for each table."""
    quote = op.get_bind().dialect.identifier_preparer.quote_identifier
    role = quote(context.config.attributes["app_role"])
    for table, right in rights.items():
        op.execute(f"GRANT {right} ON {quote(table)} TO {role}")


def grant_functions(functions: Iterable[str]) -> None:
    """Let the application's role, and nobody else, run functions, each named with its parameters."""
    quote = op.get_bind().dialect.identifier_preparer.quote_identifier
    role = quote(context.config.attributes["app_role"])
    for function in functions:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
