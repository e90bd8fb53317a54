"""What is not to be had, said in one form: `{"error": "one line"}` for programs, a page for people.

In: what went wrong while a request was answered. Out: the answer, with a status that says whose turn it is. No answer
holds more of a mistake of ours than that there was one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import JSONResponse, Response

from tunewright.studio.routes.pages import error_page
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.work.pool import Busy, WorkerDied
from tunewright.support.errors import TunewrightError

MOST_PROBLEMS = 3  # that one line names
LONGEST_FOUND = 60  # signs of a value that was sent
OURS = "a mistake of the studio: where it runs, its log says more"
NO_TEXT = "some of what was sent is no text: halves of signs, or the sign of number 0"
WAIT = {"Retry-After": "2"}


def add_to(app: FastAPI) -> None:
    """Have an application answer so, whatever goes wrong."""
    app.add_exception_handler(TunewrightError, _refused)
    app.add_exception_handler(AnyHTTPException, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnicodeError, _no_text)
    app.add_exception_handler(DataError, _no_text)
    app.add_exception_handler(OperationalError, _no_database)
    app.add_exception_handler(Exception, _mistake)


def answer(
    request: Request, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal, for whoever asks: `body` has the reason by the name "error", and may have more for programs."""
    if _wants_page(request):
        page = error_page(request, status, str(body["error"]))
        page.headers.update(headers or {})
        return page
    return JSONResponse(dict(body), status, dict(headers or {}))


def _wants_page(request: Request) -> bool:
    path: str = request.scope["path"]
    return not path.startswith(("/api/", "/static/")) and "text/html" in request.headers.get("accept", "")


def _refused(request: Request, error: Exception) -> Response:
    """An error that a user can act on: 503 where one has to wait, else 422."""
    if isinstance(error, Refused):
        return answer(request, error.status, error.told(), WAIT if error.status == 503 else None)
    if isinstance(error, Busy | WorkerDied):
        return answer(request, 503, {"error": str(error)}, WAIT)
    return answer(request, 422, {"error": str(error)})


def _known(request: Request, error: Exception) -> Response:
    """A status with a reason; `detail` may be a mapping with "error" in it."""
    assert isinstance(error, AnyHTTPException)
    body = error.detail if isinstance(error.detail, Mapping) else {"error": _reason(request, error)}
    return answer(request, error.status_code, body, error.headers)


def _reason(request: Request, error: AnyHTTPException) -> str:
    match error.status_code, error.detail:
        case 404, "Not Found":
            return f"there is nothing at {request.scope['path'][:LONGEST_FOUND]}"
        case 405, "Method Not Allowed":
            ways = (error.headers or {}).get("allow") or (error.headers or {}).get("Allow", "")
            return f"{request.method} is not how this is asked for" + (f"; expected {ways}" if ways else "")
        case _, detail:
            return str(detail)


def _invalid(request: Request, error: Exception) -> Response:
    """What was sent is not of the form that was expected: where, what was found, what was expected."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    lines = [_problem(one) for one in found[:MOST_PROBLEMS]]
    if len(found) > MOST_PROBLEMS:
        lines.append(f"and {len(found) - MOST_PROBLEMS} more")
    return answer(request, 422, {"error": "; ".join(lines)})


EXPECTED: Mapping[str, str] = {
    "missing": "expected a value",
    "extra_forbidden": "nothing of this name is known",
    "json_invalid": "expected JSON ({error})",
    "model_attributes_type": "expected an object of JSON",
    "dict_type": "expected an object of JSON",
    "list_type": "expected a list",
    "string_type": "expected text",
    "string_unicode": "expected text without halves of signs",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a whole number of fewer digits",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "string_too_long": "expected at most {max_length} signs",
    "string_too_short": "expected at least {min_length} signs",
    "too_long": "expected at most {max_length} of them",
    "too_short": "expected at least {min_length} of them",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "string_pattern_mismatch": "expected text of the form {pattern}",
}
"""What is said for each kind of error of pydantic; what is not here is said in its own words."""
_WITHOUT_FOUND = (
    "missing",
    "string_unicode",
    "extra_forbidden",
    "json_invalid",
    "too_long",
    "too_short",
    "string_too_long",
)


def _problem(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    where = _place(error["loc"])
    if kind not in EXPECTED:
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    expected = EXPECTED[kind].format_map(context)
    return f"{where}: {expected}" if kind in _WITHOUT_FOUND else f"{where}: found {_shown(error['input'])}; {expected}"


def _place(parts: Sequence[int | str]) -> str:
    """Where in a request: `n`, `locked[2]`; "what was sent" where it is all of it."""
    named = [str(part) if isinstance(part, str) else f"[{part}]" for part in parts[1:]]
    if not named or (len(named) == 1 and named[0].startswith("[")):
        return "what was sent"
    return ".".join(named).replace(".[", "[")[:LONGEST_FOUND]


def _shown(value: object) -> str:
    text = ascii(value) if not isinstance(value, str) else repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= LONGEST_FOUND else f"{text[: LONGEST_FOUND - 1]}…"


def _no_text(request: Request, _: Exception) -> Response:
    return answer(request, 422, {"error": NO_TEXT})


def _no_database(request: Request, _: Exception) -> Response:
    """The database is busy, or has gone; it may come back."""
    return answer(request, 503, {"error": "the database does not answer; try again in a moment"}, WAIT)


def _mistake(request: Request, _: Exception) -> Response:
    return answer(request, 500, {"error": OURS})


def refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """What to raise in a route, or in front of all of them."""
    return HTTPException(status, reason, dict(headers or {}))
