"""New versions of pathways: uploaded, looked at beside what is in force, and activated by a second step."""

from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import CaseworkError, InvalidInputError, NotFoundError
from casework.ids import new_id
from casework.models.base import Model
from casework.models.dry_run import Tally
from casework.pathways.loader import NAMES
from casework.rules.suppression import FEWEST, is_small
from starter.asking import Asking
from web.api.door import given_id
from web.pages.commanding import KEY
from web.pages.dry_run import plot_of
from web.pages.filled import Form, text
from web.pages.naming import Naming
from web.pages.sheets import SEE_OTHER, Sheets, Visit, sentence
from web.pages.worded import Worded
from web.site import Site

VERSIONS, FILE = "/pathways/versions", "/pathways/files/{file}"
VERSION = f"{VERSIONS}/{{version_id}}"
TRIED = f"{VERSION}/tried"
TOML = ".toml"
DONE = ("activated", "discarded")


class Proposed(Model):
    """A file that was uploaded, as its repeats are known by."""

    file: str
    content: str


class PathwayPages:
    """For an administrator of the leading office."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming) -> None:
        self._desk = site.desk
        self._book = site.rulebook
        self._sheets = sheets
        self._naming = naming

    def routes(self) -> Iterator[BaseRoute]:
        """The list, a file to be changed, and a version that waits or was activated."""
        yield self._sheets.shows(VERSIONS, self._list)
        yield self._sheets.shows(FILE, self._edit)
        yield self._sheets.takes(FILE, self._upload, self._unfit, files=1)
        yield self._sheets.shows(VERSION, self._preview)
        yield self._sheets.takes(VERSION, self._decide, self._undecided)
        yield self._sheets.shows(TRIED, self._tried)

    def _list(self, visit: Visit) -> Response:
        self._book.check_keeps(visit.visitor.actor)
        versions, files, done = self._book.versions.listed(), self._book.files(), visit.asked("done")
        people = {each.activated_by or each.uploaded_by for each in versions}
        return visit.sheet.page(
            "versions.html",
            files=files,
            waiting=[each for each in versions if each.activation is None and each.version > files[each.file]],
            activated=[each for each in versions if each.activation is not None],
            names=self._desk.accounts.names(people),
            problems=self._book.in_force.held().problems,
            done=done if done in DONE else "",
        )

    # ---- a file

    def _edit(self, visit: Visit) -> Response:
        name = self._file(visit)
        return self._form(visit, self._book.in_force.texts()[name].decode())

    async def _upload(self, visit: Visit, form: Form) -> Response:
        content = await _content(form)
        try:
            version_id = await run_in_threadpool(self._propose, visit, content, text(form, KEY) or None)
        except InvalidInputError as error:
            return await run_in_threadpool(self._refused, visit, content, error)
        return RedirectResponse(f"{VERSIONS}/{version_id}", SEE_OTHER)

    def _propose(self, visit: Visit, content: str, key: str | None) -> str:
        actor, name = visit.visitor.actor, self._file(visit)
        command = self._desk.keyed(Asking(actor, key=key), "propose_pathway", Proposed(file=name, content=content))
        return self._book.propose(actor, name, content.encode(), command)

    def _unfit(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        return self._refused(visit, _typed(form), error)

    def _refused(self, visit: Visit, content: str, error: CaseworkError) -> Response:
        found = [each["detail"] for each in error.extra.get("errors", ())]
        return self._form(visit, content, error.status, found, sentence(visit.sheet.language, error))

    def _form(self, visit: Visit, content: str, status: int = 200, problems: Any = (), refusal: str = "") -> Response:
        self._book.check_keeps(visit.visitor.actor)
        name = self._file(visit)
        shown = {"file": name, "content": content, "version": self._book.files()[name], "key": new_id()}
        return visit.sheet.page("pathway_file.html", status, **shown, problems=problems, refusal=refusal)

    def _file(self, visit: Visit) -> str:
        self._book.check_keeps(visit.visitor.actor)
        name = visit.named("file") + TOML
        if name not in NAMES:
            raise NotFoundError("There is no such pathway file.")
        return name

    # ---- a version

    def _preview(self, visit: Visit, refusal: str = "", status: int = 200) -> Response:
        shown = self._book.preview(visit.visitor.actor, given_id(visit.named("version_id")))
        version = shown.version
        names = self._naming.of(visit)
        return visit.sheet.page(
            "version.html",
            status,
            refusal=refusal,
            shown=shown,
            version=version,
            few=FEWEST if is_small(shown.open_cases) else 0,
            people=self._desk.accounts.names({version.uploaded_by, version.activated_by or version.uploaded_by}),
            worded=Worded(visit.sheet.language, names),
        )

    def _tried(self, visit: Visit) -> Response:
        trial = self._book.try_out(visit.visitor.actor, given_id(visit.named("version_id")))
        names, language = self._naming.of(visit), visit.sheet.language

        def name(tally: Tally) -> str:
            return f"{language.word('clock', tally.kind)} · {names.rung(tally.owner)}"

        return visit.sheet.page(
            "tried.html",
            trial=trial,
            plot=plot_of(trial.run, name, *map(language.words.gettext, ("now", "would be"))),
            tallies=[(name(tally), tally) for tally in trial.run.tallies],
            few=FEWEST,
        )

    async def _decide(self, visit: Visit, form: Form) -> Response:
        try:
            done = await run_in_threadpool(self._done, visit, text(form, "do"), text(form, "after"))
        except NotFoundError:
            raise
        except CaseworkError as error:
            return await run_in_threadpool(self._undecided, visit, form, error)
        return RedirectResponse(f"{VERSIONS}?done={done}", SEE_OTHER)

    def _done(self, visit: Visit, do: str, after: str) -> str:
        actor, version_id = visit.visitor.actor, given_id(visit.named("version_id"))
        if do == "discard":
            self._book.discard(actor, version_id)
            return "discarded"
        self._book.check_keeps(actor)
        if do != "activate" or not after.isdecimal() or len(after) > 9:
            raise InvalidInputError("Say whether the version is to be activated or discarded.")
        self._book.activate(actor, version_id, int(after))
        return "activated"

    def _undecided(self, visit: Visit, _: Form, error: CaseworkError) -> Response:
        return self._preview(visit, sentence(visit.sheet.language, error), error.status)


async def _content(form: Form) -> str:
    """What was uploaded, else what was typed; bytes that are no text stay wrong, and are refused as such."""
    file = form.get("upload")
    if isinstance(file, UploadFile) and file.filename:
        return (await file.read()).decode(errors="replace")
    return _typed(form)


def _typed(form: Form) -> str:
    """As it was typed, with line ends that browsers do not choose."""
    value = form.get("content")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""
