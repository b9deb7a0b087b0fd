"""The sealed pieces of files."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.reader import SqlReader
from casework.db.tables import documents, file_pieces, files
from casework.models.people import Actor
from casework.ports import KeptFile, SealedFile


def put(connection: Connection, file: SealedFile) -> None:
    """Keep a file with its document, piece by piece; the same again changes nothing."""
    row = {"document_id": file.document_id, "type": file.type.value, "size": file.size, "count": file.count}
    connection.execute(insert(files).on_conflict_do_nothing(), row)
    for number, sealed in enumerate(file.pieces()):
        piece = {"document_id": file.document_id, "number": number, "sealed": sealed}
        connection.execute(insert(file_pieces).on_conflict_do_nothing(), piece)


class SqlFiles(SqlReader):
    """Keeps the promises of `ports.Files`; `SqlDocuments` is what stores a file with its document."""

    def find(self, reader: Actor, case_id: str, document_id: str) -> KeptFile | None:
        """A file that the log of this case names (pending ones are not given)."""
        named = (documents.c.case_id == case_id) & (documents.c.state == "kept")
        found = select(files).join(documents).where(files.c.document_id == document_id, named)
        with self._read_by(reader) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return KeptFile.model_validate(dict(row)) if row else None

    def piece(self, reader: Actor, document_id: str, number: int) -> bytes | None:
        """One sealed piece."""
        mine = (file_pieces.c.document_id == document_id) & (file_pieces.c.number == number)
        with self._read_by(reader) as connection:
            return connection.scalar(select(file_pieces.c.sealed).where(mine))
