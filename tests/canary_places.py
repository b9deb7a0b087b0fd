"""Where canaries are listened for: both databases as a thief has them, and all that the engine keeps and shows."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
from google.protobuf.message import Message
from psycopg import sql
from sqlalchemy import text
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.ids import workflow_id
from tests.stack import Stack

TABLES = (
    "SELECT quote_ident(schemaname), quote_ident(tablename) FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


def dump(owner_url: str) -> dict[str, bytes]:
    """Every table, copied as a backup copies it: as text, and in bytes as they lie there."""
    found: dict[str, bytes] = {}
    with psycopg.connect(owner_url) as connection:
        for schema, table in connection.execute(TABLES).fetchall():
            for form in ("text", "binary"):
                copied = sql.SQL("COPY {}.{} TO STDOUT (FORMAT {})").format(*map(sql.SQL, (schema, table, form)))
                with connection.cursor().copy(copied) as rows:
                    found[f"{table} as {form}"] = b"".join(bytes(row) for row in rows)
    return found


def tables(app: Stack) -> dict[str, str]:
    """Every column of every table of the case database, as text; and what is sealed, as it lies there."""
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    )
    found: dict[str, str] = {}
    with reading(app.outside.engine, ENGINE) as connection:
        for table, column, kind in connection.execute(columns).all():
            shown = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            values = connection.execute(text(f'SELECT {shown} FROM "{table}"')).scalars()  # noqa: S608
            found[f"{table}.{column}"] = "\n".join(value for value in values if value is not None)
    return found


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            inner = [each for each in value.values() if isinstance(each, Message)]
        else:
            inner = [value] if isinstance(value, Message) else list(value)
        for each in inner:
            yield from payloads(each)


async def histories(app: Stack, case_id: str) -> dict[str, str]:
    """Each run of a case: as stored, and with its payloads opened; what the engine's lists show; its memo."""
    handle, codec = app.client.get_workflow_handle(workflow_id(case_id)), app.client.data_converter.payload_codec
    assert codec is not None
    found = {"described": str((await handle.describe()).raw_description)}
    run_id = (await handle.describe()).run_id
    while run_id:
        one = app.client.get_workflow_handle(workflow_id(case_id), run_id=run_id)
        history = await one.fetch_history()
        found[f"{run_id} stored"] = history.to_json() + "".join(str(event) for event in history.events)
        sealed = [p for e in history.events for p in payloads(e) if p.metadata.get("encoding") == b"binary/encrypted"]
        assert sealed
        found[f"{run_id} opened"] = "".join(p.data.decode("utf-8", "replace") for p in await codec.decode(sealed))
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def visible(client: Client) -> bytes:
    """What the engine's lists show of every workflow: search attributes and memo in base64 opened."""
    found = b""
    async for each in client.list_workflows():
        found += each.raw_info.SerializeToString() + str(each.raw_info).encode()
        found += b"".join(payload.data for payload in payloads(each.raw_info))
    return found


def on_disk(file: Path) -> bytes:
    """Everything that the engine has written, whatever it is."""
    return b"".join(each.read_bytes() for each in sorted(file.parent.glob(f"{file.name}*")))


async def metrics(port: int) -> bytes:
    """What the engine counts, and by which labels."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}/metrics")).content
