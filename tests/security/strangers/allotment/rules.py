"""What the two forms of the garden decide differently: each seeded flaw is one of these, or a setting, in `flawed`."""

from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from tests.security.strangers.allotment.models import Bed, Gardener, Order, Plot


class Problem(Exception):  # noqa: N818  # it is an answer, not a failure
    """An answer other than the one that was asked for (RFC 9457)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Rules(Protocol):
    """A form of the garden. Functions raise `Problem` for what they do not allow."""

    #: The longest note or diary, in characters.
    LONGEST_NOTE: int
    #: The least quantity that may be ordered.
    LEAST_QUANTITY: int

    def guard_forms(self, view: Any) -> Any:
        """A view with what it does about requests that another site caused."""

    def taken(self) -> None:
        """What is said to a registration with an address that is known."""

    def before_login(self, email: str, address: str) -> None:
        """Whether a log-in may be tried."""

    def failed_login(self, email: str, address: str) -> None:
        """Takes note of a failure."""

    def profile_changes(self, body: Any) -> dict[str, Any]:
        """The attributes that a body changes."""

    def beds_of(self, gardener: Gardener, slug: str) -> Plot:
        """A plot whose beds this gardener may see."""

    def bed_to_change(self, plot: Plot, bed_id: UUID) -> Bed:
        """A bed, named by an own plot and an id."""

    def order_to_cancel(self, gardener: Gardener, order_id: UUID) -> Order:
        """An order that this gardener may cancel."""

    def shown_seller(self, seller: Gardener) -> dict[str, Any]:
        """What the public sees of a seller."""

    def page_size(self, text: str) -> int:
        """How many rows a page has."""

    def titles_like(self, words: str) -> list[dict[str, Any]]:
        """Offers whose title holds these words."""

    def require_moderator(self, gardener: Gardener) -> None:
        """Whether this gardener may hide offers."""

    def fetch(self, url: str) -> bytes:
        """The feed at a URL."""

    def feed_item(self, item: Any) -> dict[str, Any]:
        """An offer's fields from an item of a feed."""

    def legacy_plot(self, slug: str) -> Plot:
        """What the old address of a plot shows."""

    def finish(self, request: HttpRequest, response: HttpResponse) -> None:
        """Adds headers to every answer."""
