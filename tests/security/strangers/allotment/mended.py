"""The garden, mended: the same functions as in `flawed`, in the same order."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tests.security.strangers.allotment.models import Bed, Gardener, Offer, Order, Plot
from tests.security.strangers.allotment.rules import Problem
from tests.security.strangers.allotment.web import OFFER, found
from tests.security.strangers.fetching import FetchRefusedError, fetch_from
from tests.security.strangers.fields import InvalidFieldError, read, text
from tests.security.strangers.throttle import Throttle

LONGEST_NOTE: Final = 4000
LEAST_QUANTITY: Final = 1
LONGEST_PAGE: Final = 100
PROFILE: Final = {"display_name": text(1, 60), "address": text(0, 200)}
_by_account = Throttle(5)
_by_address = Throttle(25)


def guard_forms(view: Any) -> Any:
    """Leaves it to CsrfViewMiddleware."""
    return view


def taken() -> None:
    """Says the same as to a new address; its owner would be told by mail."""


def before_login(email: str, address: str) -> None:
    """Five failures a minute for one account from one address, 25 for one address."""
    if _by_account.spent((email, address)) or _by_address.spent(address):
        raise Problem(429, "too many attempts, wait a minute")


def failed_login(email: str, address: str) -> None:
    """Counts it."""
    _by_account.note((email, address))
    _by_address.note(address)


def profile_changes(body: Any) -> dict[str, Any]:
    """Two attributes are the gardener's to change; a body that names others is refused."""
    changes = read(body, {}, PROFILE)
    if body.keys() - changes.keys():
        raise InvalidFieldError(f"{min(body.keys() - changes.keys())} cannot be changed")
    return changes


def beds_of(gardener: Gardener, slug: str) -> Plot:
    """The beds of one's own plots."""
    return found(Plot, slug=slug, owner=gardener)


def bed_to_change(plot: Plot, bed_id: UUID) -> Bed:
    """A bed of that very plot."""
    return found(Bed, id=bed_id, plot=plot)


def order_to_cancel(gardener: Gardener, order_id: UUID) -> Order:
    """One's own orders."""
    return found(Order, id=order_id, buyer=gardener)


def shown_seller(seller: Gardener) -> dict[str, Any]:
    """A name, no more."""
    return {"display_name": seller.display_name}


def page_size(text: str) -> int:
    """One to a hundred; all else is refused."""
    if not (text or "20").isdecimal() or len(text) > 6 or not 1 <= int(text or "20") <= LONGEST_PAGE:
        raise Problem(400, f"page_size must be a whole number from 1 to {LONGEST_PAGE}")
    return int(text or "20")


def titles_like(words: str) -> list[dict[str, Any]]:
    """The ORM binds what comes from the query string."""
    offers = Offer.objects.filter(hidden=False, title__icontains=words.replace("\x00", ""))
    return list(offers.values("title", "price_cents")[:20])


def require_moderator(gardener: Gardener) -> None:
    """Nobody else learns that there is such an address."""
    if not gardener.user.is_staff:
        raise Problem(404, "there is nothing here")


def fetch(url: str) -> bytes:
    """The partner's addresses, no redirects."""
    try:
        return fetch_from(settings.PARTNER, url)
    except FetchRefusedError as error:
        raise Problem(400, str(error)) from error


def feed_item(item: Any) -> dict[str, Any]:
    """Held to the same rules as what a gardener writes."""
    return read(item, OFFER)


def legacy_plot(slug: str) -> Plot:
    """Gone."""
    raise Problem(410, "use /api/plots/")


def finish(request: HttpRequest, response: HttpResponse) -> None:
    """Django's own middleware sets the others; other sites read nothing."""
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
