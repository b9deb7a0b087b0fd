"""Reading cases: lists, one case, its log, its outlook, and what the reader may do next."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from casework.errors import InvalidInputError, NotFoundError
from casework.models.access import Ground
from casework.models.people import ENGINE, OFFICE_ROLES, Actor, Role
from casework.ports import Stalled, Tokens
from starter.lookups import missing
from web.api.actions import actions
from web.api.answers import Action, CaseAnswer, CaseSummary, LogRow, Outlook, Page, summary
from web.api.bodies import body_of
from web.api.door import Door, given_id
from web.api.lists import CasesQuery, CasesSearch, LogQuery, Pages, cut
from web.api.outlook import outlook_of, outlook_of_report
from web.api.problems import entry
from web.api.routing import V1, read, read_list, write
from web.api.shown import case_of, etag, queued_of, reply
from web.api.texts import Row, Texts
from web.site import Site

LOG_READERS = frozenset({Role.AUDITOR})
"""They read the log of every case, and of no case anything else."""
WHOLE_LOG = OFFICE_ROLES | {Role.AUDITOR, Role.COORDINATOR}
"""Who reads every row of a case's log; agencies and systems read those of their own referrals and acts."""

NAMING = OFFICE_ROLES | LOG_READERS
"""Who is told the names of people: of colleagues, and the auditor of all."""


def deadlines_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The deadlines that a row of a log is about, by their ids."""
    return tuple(filter(None, (body.get("deadline_id"), *body.get("deadline_ids", ()))))


def _is_wanted(row: Row, query: LogQuery) -> bool:
    return query.kind in (None, row["kind"]) and query.account_id in (None, row["account_id"])


class CaseReading:
    """Everything that is read about cases as such."""

    def __init__(self, site: Site, door: Door, texts: Texts) -> None:
        self._site = site
        self._reads = site.desk.reads
        self._door = door
        self._texts = texts

    def routes(self) -> list[APIRoute]:
        """Lists first: they stand nearer to the root."""
        actor_, search_ = Depends(self._door.actor), Depends(body_of(CasesSearch))
        one = f"{V1}/cases/{{case_id}}"

        def list_cases(query: Annotated[CasesQuery, Query()], actor: Actor = actor_) -> Any:
            return self.page(actor, query)

        def search_cases(actor: Actor = actor_, search: CasesSearch = search_) -> Any:
            return self._search(actor, search)

        def show_case(case_id: str, actor: Actor = actor_) -> JSONResponse:
            case = self.one(actor, given_id(case_id))
            return reply(case, headers=etag(case.revision))

        def case_log(case_id: str, query: Annotated[LogQuery, Query()], actor: Actor = actor_) -> Any:
            return self.log(actor, given_id(case_id), query)

        def case_outlook(case_id: str, actor: Actor = actor_) -> Any:
            return self.outlook(actor, given_id(case_id))

        def case_actions(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            items, following = cut(actions(actor, self.visible(actor, given_id(case_id))), query)
            return Page[Action](items=tuple(items), next_cursor=following)

        return [
            read_list(f"{V1}/cases", list_cases, CaseSummary, "Cases, newest first"),
            write(f"{V1}/cases/search", search_cases, Page[CaseSummary], "Search cases", CasesSearch),
            read(one, show_case, CaseAnswer, "A case", headers=("ETag",)),
            read_list(f"{one}/log", case_log, LogRow, "The log of a case, oldest first"),
            read(f"{one}/outlook", case_outlook, Outlook, "What a case waits for"),
            read_list(f"{one}/actions", case_actions, Action, "What may be done with a case"),
        ]

    def visible(self, actor: Actor, case_id: str) -> Row:
        """The row of a case that the reader may see; raises NotFoundError for any other."""
        row = self._reads.case(actor, case_id)
        if row is None:
            raise missing(self._reads, actor, case_id)
        return row

    def left(self, actor: Actor, case_id: str) -> Row:
        """The same, and of an erased case what is left of it."""
        row = self._reads.case(actor, case_id) or self._reads.skeleton(actor, case_id)
        if row is None:
            raise NotFoundError("There is no such case.")
        return row

    def page(self, actor: Actor, query: CasesQuery, about: Sequence[Tokens] = ()) -> Page[CaseSummary]:
        """The cases that the reader may see, newest first."""
        now = self._now()
        stalled = None if query.stalled is None else Stalled(query.stalled, now)
        rows, following = self._reads.cases(actor, query.filters(), query.limit, query.cursor, stalled, about)
        items = tuple(CaseSummary.model_validate(summary(row, now)) for row in rows)
        return Page[CaseSummary](items=items, next_cursor=following)

    def _search(self, actor: Actor, search: CasesSearch) -> Page[CaseSummary]:
        """Among the cases the reader may see. Who may not see who a case is about may not search by it either."""
        about = self._site.desk.index.asked(search.client_name, search.national_id, search.spelling)
        if not about and not search.filters() and search.stalled is None:
            missing = entry("", "missing", "A client's name or number, or a filter of the list.")
            raise InvalidInputError("Say what to search for.", errors=[missing])
        return self.page(actor, search, about)

    def one(self, actor: Actor, case_id: str) -> CaseAnswer:
        """A case, or a report that waits; raises NotFoundError for what the reader may not see."""
        row = self._reads.case(actor, case_id)
        if row is None:
            queued = self._reads.queued(actor, case_id)
            if queued is None:
                raise missing(self._reads, actor, case_id)
            return queued_of(actor, queued)
        return case_of(self._texts, actor, row, self._now())

    def log(self, actor: Actor, case_id: str, query: LogQuery) -> Page[LogRow]:
        """The rows of a case's log that the reader may see, oldest first."""
        whole = actor.role in WHOLE_LOG
        if actor.role in LOG_READERS:
            self.check_not_excluded(actor, case_id)
        else:
            whole = self.left(actor, case_id)["ground"] != Ground.TRANSFER_OFFER and whole
        rows: Sequence[Row] = self._reads.log(actor, case_id)
        if not rows and actor.role in LOG_READERS:
            raise NotFoundError("There is no such case.")
        if not whole:
            own = self._own_referrals(actor, case_id)
            rows = [row for row in rows if row["subject_id"] in own or row["account_id"] == actor.account_id]
        rows, following = cut([row for row in rows if _is_wanted(row, query)], query)
        return Page[LogRow](items=tuple(self._in_words(actor, case_id, rows)), next_cursor=following)

    def _in_words(self, actor: Actor, case_id: str, rows: Sequence[Row]) -> Iterator[LogRow]:
        """Rows with the names that their reader knows, and the kinds of the deadlines that they are about."""
        who = {row["account_id"] for row in rows} - {ENGINE} if actor.role in NAMING else set()
        names = self._site.desk.accounts.names(who, None if actor.role in LOG_READERS else actor.agency_id)
        about = {row["sequence"]: ids for row in rows if (ids := deadlines_of(row["body"]))}
        kinds = {each["id"]: each["kind"] for each in self._reads.deadlines(actor, case_id)} if about else {}
        for row in rows:
            found = (kinds.get(id_) for id_ in about.get(row["sequence"], ()))
            named = {"by": row["account_id"], "by_name": names.get(row["account_id"])}
            own = {"reason_document_id": row["document_id"], "deadlines": tuple(dict.fromkeys(filter(None, found)))}
            yield LogRow.model_validate({**row, **named, **own})

    def outlook(self, actor: Actor, case_id: str) -> Outlook:
        """What a case waits for, as far as the reader sees it."""
        standing = self._reads.standing(actor, case_id)
        if standing:
            return outlook_of(standing, self._now())
        queued = self._reads.queued(actor, case_id)
        if queued is None:
            raise missing(self._reads, actor, case_id)
        return outlook_of_report(actor, queued, self._now())

    def check_not_excluded(self, actor: Actor, case_id: str) -> None:
        """Refuse who sees logs and certificates by their role alone, and has a conflict of interest in this case."""
        if self._site.desk.access.is_excluded(case_id, actor.account_id):
            raise NotFoundError("There is no such case.")

    def _own_referrals(self, actor: Actor, case_id: str) -> set[str]:
        """What was sent to the reader's agency; a system has none."""
        if actor.role is not Role.AGENCY_OFFICER:
            return set()
        return {row["id"] for row in self._reads.referrals(actor, case_id)}

    def _now(self) -> datetime:
        return self._site.desk.office.now()
