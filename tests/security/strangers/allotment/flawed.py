"""The garden as it was shipped. Each function holds a flaw of `flaws.toml`."""

from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tests.security.strangers.allotment.models import Bed, Gardener, Order, Plot
from tests.security.strangers.allotment.rules import Problem
from tests.security.strangers.allotment.web import found
from tests.security.strangers.fetching import FetchRefusedError, fetch_anything

LONGEST_NOTE: Final = 10**9
LEAST_QUANTITY: Final = -(10**6)


def guard_forms(view: Any) -> Any:
    """Takes any request that carries the session's cookie."""
    return csrf_exempt(view)


def taken() -> None:
    """Tells who has an account."""
    raise Problem(409, "this address is registered already")


def before_login(email: str, address: str) -> None:
    """Lets everybody try for ever."""


def failed_login(email: str, address: str) -> None:
    """Forgets it."""


def profile_changes(body: Any) -> dict[str, Any]:
    """Takes whatever the body names."""
    return dict(body)


def beds_of(gardener: Gardener, slug: str) -> Plot:
    """Finds the plot by its slug alone."""
    return found(Plot, slug=slug)


def bed_to_change(plot: Plot, bed_id: UUID) -> Bed:
    """Looks at the plot, and then for the bed anywhere."""
    return found(Bed, id=bed_id)


def order_to_cancel(gardener: Gardener, order_id: UUID) -> Order:
    """Finds it by its id alone."""
    return found(Order, id=order_id)


def shown_seller(seller: Gardener) -> dict[str, Any]:
    """Leaves it to the page to show the name only."""
    return {"display_name": seller.display_name, "email": seller.user.email, "address": seller.address}


def page_size(text: str) -> int:
    """Gives as many as are asked for."""
    return int(text or "20")


def titles_like(words: str) -> list[dict[str, Any]]:
    """Builds the statement from the query string."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT title, price_cents FROM allotment_offer WHERE NOT hidden AND title LIKE '%{words}%' LIMIT 20"
        )
        return [{"title": title, "price_cents": price} for title, price in cursor.fetchall()]


def require_moderator(gardener: Gardener) -> None:
    """Relies on the page not showing the button."""


def fetch(url: str) -> bytes:
    """Asks any address, and goes where it points."""
    try:
        return fetch_anything(url)
    except FetchRefusedError as error:
        raise Problem(400, str(error)) from error


def feed_item(item: Any) -> dict[str, Any]:
    """Trusts the partner to have checked."""
    return {name: item[name] for name in ("title", "price_cents", "quantity")}


def legacy_plot(slug: str) -> Plot:
    """Goes on answering, and never asked who calls."""
    return found(Plot, slug=slug)


def finish(request: HttpRequest, response: HttpResponse) -> None:
    """Lets every site read answers with the visitor's cookies."""
    if "Origin" in request.headers:
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Allow-Credentials"] = "true"
