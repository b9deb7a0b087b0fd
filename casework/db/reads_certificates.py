"""Reading the certificates of erasures."""

from sqlalchemy import Connection, select

from casework.db.pages import newest_first
from casework.db.reader import SqlReader
from casework.db.tables import cases, erasures
from casework.db.visible import not_excluded, visible_to
from casework.models.erasure import Certificate
from casework.models.people import Actor, Role

COLUMNS = tuple(erasures.c[name] for name in Certificate.model_fields)


def certificate_of(connection: Connection, case_id: str) -> Certificate | None:
    """The certificate of a case, if it was erased."""
    row = connection.execute(select(*COLUMNS).where(erasures.c.case_id == case_id)).mappings().one_or_none()
    return Certificate.model_validate(dict(row)) if row else None


class CertificateReads(SqlReader):
    """Certificates. Who may read one is asked of the case first."""

    def certificate(self, reader: Actor, case_id: str) -> Certificate | None:
        """The certificate of a case, if it was erased."""
        with self._read_by(reader) as connection:
            return certificate_of(connection, case_id)

    def certificates(self, reader: Actor, limit: int, cursor: str | None) -> tuple[list[Certificate], str | None]:
        """Newest first: for the auditor all but of what excludes them, for others those of cases they could see."""
        if reader.role is Role.AUDITOR:
            found = select(*COLUMNS).where(not_excluded(reader, erasures.c.case_id))
        else:
            both = select(*COLUMNS).join(cases, cases.c.id == erasures.c.case_id)
            found = both.where(visible_to(reader, self._now()))
        with self._read_by(reader) as connection:
            newest = (erasures.c.destroyed_at, erasures.c.case_id)
            rows, following = newest_first(connection, found, *newest, limit, cursor)
        return [Certificate.model_validate(dict(row)) for row in rows], following
