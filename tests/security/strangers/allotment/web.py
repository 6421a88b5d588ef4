"""What every view of the garden uses."""

import json
from collections.abc import Callable
from typing import Any, Final, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from tests.security.strangers.allotment.models import Gardener
from tests.security.strangers.allotment.rules import Problem, Rules
from tests.security.strangers.fields import Check, InvalidFieldError, read, text, whole

TITLES: Final = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 410: "Gone", 413: "Content Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
}  # fmt: skip
#: What a gardener writes of an offer.
OFFER: Final = {"title": text(1, 100), "price_cents": whole(1, 100_000), "quantity": whole(0, 10_000)}


def rules() -> Rules:
    """The form that this process serves."""
    from tests.security.strangers.allotment import flawed, mended  # they use this module

    return mended if settings.REPAIRED else flawed


def problem(status: int, detail: str) -> HttpResponse:
    """An answer of RFC 9457."""
    content = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}
    return JsonResponse(content, status=status, content_type="application/problem+json")


def found(model: Any, **wanted: Any) -> Any:
    """The row with these values."""
    row = model.objects.filter(**wanted).first()
    if row is None:
        raise Problem(404, f"no such {model.__name__.lower()}")
    return row


def signed_in(request: HttpRequest) -> Gardener:
    """The gardener whose session the request carries."""
    if not request.user.is_authenticated:
        raise Problem(401, "sign in first")
    return cast("Gardener", request.user.gardener)


def body(request: HttpRequest, required: dict[str, Check], optional: dict[str, Check] | None = None) -> dict[str, Any]:
    """The fields of the request's JSON."""
    return read(json_body(request), required, optional)


def json_body(request: HttpRequest) -> Any:
    """The request's JSON; what is none is refused."""
    if request.content_type != "application/json":
        raise Problem(400, "the body must be application/json")
    try:
        return json.loads(request.body)
    except RequestDataTooBig as error:
        raise Problem(413, "the body is too large") from error
    except (ValueError, RecursionError) as error:
        raise Problem(400, "the body must be JSON") from error


class Problems:
    """Middleware that answers what views raise on purpose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """An answer, or None for what nobody expected."""
        if isinstance(error, Problem):
            return problem(error.status, error.detail)
        return problem(400, str(error)) if isinstance(error, InvalidFieldError) else None


def finishing(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that lets the form add its headers."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        rules().finish(request, response)
        return response

    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What is said to a request without its token."""
    return problem(403, "the CSRF token is missing or wrong")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is said of an address that does not exist."""
    return problem(404, "there is nothing here")


def failed(request: HttpRequest) -> HttpResponse:
    """What is said of an unexpected exception."""
    return problem(500, "something went wrong here")
