"""What the two forms of the clinic decide differently: each seeded flaw is one of these functions in `flawed`."""

from typing import Any, Protocol

from flask import Flask, Response

from tests.security.strangers.clinic.store import Row


class Refusal(Exception):  # noqa: N818  # it is an answer, not a failure
    """An answer other than the one that was asked for."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class Rules(Protocol):
    """A form of the clinic. Functions raise `Refusal` for what they do not allow."""

    SIGNING_KEY: str

    def read_token(self, token: str) -> Row:
        """The claims of a token that is good."""

    def end_session(self, claims: Row) -> None:
        """Signs out."""

    def before_registration(self, address: str) -> None:
        """Whether another account may be made from this address."""

    def before_login(self, username: str, address: str) -> None:
        """Whether a log-in may be tried."""

    def failed_login(self, username: str, address: str, *, known: bool) -> Refusal:
        """What is said to a wrong name or password."""

    def profile_changes(self, body: Any) -> Row:
        """The columns of an owner that a body changes."""

    def pet_to_read(self, owner_id: int, pet_id: int) -> Row:
        """A pet that this owner may see."""

    def pet_to_delete(self, owner_id: int, pet_id: int) -> Row:
        """A pet that this owner may remove."""

    def visit_to_change(self, owner_id: int, visit_id: int) -> Row:
        """A visit that this owner may move."""

    def shown_review(self, review: Row) -> Row:
        """What the public sees of a review, from its row joined with its author's."""

    def vets(self, specialty: str, limit: str) -> list[Row]:
        """The vets of a specialty (all, when empty)."""

    def page_size(self, limit: str) -> int:
        """How many rows a list shows."""

    def require_staff(self, owner: Row) -> None:
        """Whether this owner works here."""

    def redeem(self, owner_id: int, code: str, amount: int) -> None:
        """Turns a voucher into credit."""

    def check_notice(self, body: bytes, signature: str, secret: str) -> None:
        """Whether a notice comes from the payment provider."""

    def leaflet(self, name: str) -> str:
        """The text of a leaflet."""

    def fetch(self, url: str, partner: str) -> bytes:
        """A record of another clinic."""

    def failure(self, error: Exception) -> str:
        """What is said of an unexpected exception."""

    def finish(self, response: Response, origin: str) -> None:
        """Adds headers to every answer."""

    def extra_routes(self, app: Flask) -> None:
        """Adds what the document does not name."""
