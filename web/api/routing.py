"""How a route is made: each says what it answers, what its body is, and that errors are problems."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.api.answers import Page, ProblemAnswer
from web.api.door import no_query

V1 = "/api/v1"
NO_CONTENT = 204
SCHEMAS = "#/components/schemas/"
PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{SCHEMAS}ProblemAnswer"}}}
REFUSALS: "Responses" = {
    "4XX": {"description": "Refused: nothing was changed", "content": PROBLEM},
    "5XX": {"description": "A part is away, or a defect", "content": PROBLEM},
}
HEADERS = {
    "ETag": "The revision of the case; a later `If-Match` repeats it",
    "Location": "Where it is",
}

Endpoint = Callable[..., Any]
Responses = dict[int | str, dict[str, Any]]


def read(
    path: str, endpoint: Endpoint, answer: Any, summary: str, *, query: bool = False, headers: Sequence[str] = ()
) -> APIRoute:
    """A GET. Without `query`, every query parameter is refused; with it, the endpoint's own model refuses."""
    checks = [] if query else [Depends(no_query)]
    return APIRoute(
        path,
        endpoint,
        methods=["GET"],
        response_model=answer,
        responses={**REFUSALS, **sent(200, headers)},
        summary=summary,
        name=summary,
        operation_id=operation("get", path),
        dependencies=checks,
    )


def read_list(path: str, endpoint: Endpoint, item: Any, summary: str) -> APIRoute:
    """A GET of a list: its endpoint takes a query of `lists`."""
    return read(path, endpoint, Page[item], summary, query=True)


def write(
    path: str,
    endpoint: Endpoint,
    answer: Any,
    summary: str,
    body: type[BaseModel] | None = None,
    *,
    method: str = "POST",
    status: int = 200,
    extra: dict[str, Any] | None = None,
    also: Responses | None = None,
    headers: Sequence[str] = (),
) -> APIRoute:
    """A POST, unless told otherwise. `body` is read by the endpoint's own dependency; here it is only described."""
    described = {"requestBody": json_body(body)} if body else {}
    return APIRoute(
        path,
        endpoint,
        methods=[method],
        status_code=status,
        response_model=answer,
        responses={**REFUSALS, **sent(status, headers), **(also or {})},
        summary=summary,
        name=summary,
        operation_id=operation(method.lower(), path),
        dependencies=[Depends(no_query)],
        openapi_extra={**described, **(extra or {})},
    )


def end(path: str, endpoint: Endpoint, summary: str) -> APIRoute:
    """A DELETE: what it names is over, and there is nothing to say of it."""
    return write(path, endpoint, None, summary, method="DELETE", status=NO_CONTENT)


def sent(status: int, headers: Sequence[str]) -> Responses:
    """The headers of an answer in the OpenAPI document."""
    shown = {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in headers}
    return {status: {"headers": shown}} if shown else {}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """A body in the OpenAPI document; one with no required field may be left out."""
    needed = any(field.is_required() for field in model.model_fields.values())
    schema = {"$ref": f"{SCHEMAS}{model.__name__}"}
    return {"required": needed, "content": {"application/json": {"schema": schema}}}


def operation(method: str, path: str) -> str:
    """`post_cases_case_id_plan_decision`."""
    words = path.removeprefix(V1).replace("{", "").replace("}", "").replace("-", "_").strip("/").split("/")
    return "_".join([method, *words])


class Api(FastAPI):
    """FastAPI, whose document also describes the bodies that are read by hand, and the problems."""

    def __init__(self, *, bodies: Sequence[type[BaseModel]], **options: Any) -> None:
        super().__init__(**options)
        self._bodies = bodies

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if not self.openapi_schema:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            wanted = [(model, "validation") for model in (*self._bodies, ProblemAnswer)]
            made = models_json_schema(wanted, ref_template=SCHEMAS + "{model}")[1]["$defs"]  # type: ignore[arg-type]
            for name, schema in made.items():
                schemas.setdefault(name, schema)
            self.openapi_schema = document
        return self.openapi_schema
