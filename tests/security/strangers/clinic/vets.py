"""Vets and what owners say of them: public."""

from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from tests.security.strangers.clinic.pets import ID
from tests.security.strangers.clinic.rules import Refusal
from tests.security.strangers.clinic.store import Row, row, rows, write
from tests.security.strangers.clinic.web import body, rules, signed_in
from tests.security.strangers.fields import text, whole

routes = Blueprint("vets", __name__)

REVIEWS: Final = """SELECT reviews.*, owners.username, owners.email, owners.phone, owners.credit
    FROM reviews JOIN owners ON owners.id = reviews.author_id"""


@routes.get("/vets")
def list_vets() -> ResponseReturnValue:
    """Vets, by specialty."""
    return {"items": rules().vets(request.args.get("specialty", ""), request.args.get("limit", ""))}


@routes.get(f"/vets/<{ID}:vet_id>")
def read_vet(vet_id: int) -> ResponseReturnValue:
    """One vet."""
    found = row("SELECT * FROM vets WHERE id = ?", vet_id)
    if found is None:
        raise Refusal(404, "no such vet")
    return found


@routes.get(f"/vets/<{ID}:vet_id>/reviews")
def list_reviews(vet_id: int) -> ResponseReturnValue:
    """What owners say of a vet."""
    found = rows(f"{REVIEWS} WHERE vet_id = ? ORDER BY reviews.id DESC LIMIT 50", vet_id)
    return {"items": [rules().shown_review(review) for review in found]}


@routes.post(f"/vets/<{ID}:vet_id>/reviews")
def add_review(vet_id: int) -> ResponseReturnValue:
    """An owner's own opinion."""
    owner = signed_in()
    read_vet(vet_id)
    fields = body({"stars": whole(1, 5), "text": text(1, 1000)})
    review_id = write(
        "INSERT INTO reviews (vet_id, author_id, stars, text) VALUES (?, ?, ?, ?)",
        vet_id, owner["id"], fields["stars"], fields["text"],
    )  # fmt: skip
    return rules().shown_review(_review(review_id)), 201


@routes.delete(f"/reviews/<{ID}:review_id>")
def remove_review(review_id: int) -> ResponseReturnValue:
    """Its author takes it back."""
    owner, review = signed_in(), _review(review_id)
    if review["author_id"] != owner["id"]:
        raise Refusal(403, "this is not your review")
    write("DELETE FROM reviews WHERE id = ?", review_id)
    return "", 204


def _review(review_id: int) -> Row:
    found = row(f"{REVIEWS} WHERE reviews.id = ?", review_id)
    if found is None:
        raise Refusal(404, "no such review")
    return found
