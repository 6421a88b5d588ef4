"""Pets, their visits and records; leaflets; and the notices of the payment provider."""

from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from tests.security.strangers.clinic.rules import Refusal
from tests.security.strangers.clinic.store import Row, row, rows, write
from tests.security.strangers.clinic.web import body, json_body, options, rules, signed_in
from tests.security.strangers.fields import read, text, whole

routes = Blueprint("pets", __name__)

PET: Final = {"name": text(1, 60), "species": text(1, 40)}
NOTES: Final = {"notes": text(0, 2000)}
VISIT: Final = {"day": text(10, 10, r"\d{4}-\d{2}-\d{2}"), "reason": text(1, 200)}
ID: Final = "int(max=2147483647)"


def own_pet(pet_id: int) -> Row:
    """A pet of the owner who asks."""
    found = row("SELECT * FROM pets WHERE id = ? AND owner_id = ?", pet_id, signed_in()["id"])
    if found is None:
        raise Refusal(404, "no such pet")
    return found


@routes.get("/pets")
def list_pets() -> ResponseReturnValue:
    """The owner's pets."""
    return {"items": rows("SELECT * FROM pets WHERE owner_id = ? ORDER BY id LIMIT 100", signed_in()["id"])}


@routes.post("/pets")
def add_pet() -> ResponseReturnValue:
    """A new pet."""
    owner, fields = signed_in(), body(PET, NOTES)
    pet_id = write(
        "INSERT INTO pets (owner_id, name, species, notes) VALUES (?, ?, ?, ?)",
        owner["id"], fields["name"], fields["species"], fields.get("notes", ""),
    )  # fmt: skip
    return own_pet(pet_id), 201


@routes.get(f"/pets/<{ID}:pet_id>")
def read_pet(pet_id: int) -> ResponseReturnValue:
    """One pet."""
    return rules().pet_to_read(signed_in()["id"], pet_id)


@routes.put(f"/pets/<{ID}:pet_id>")
def change_pet(pet_id: int) -> ResponseReturnValue:
    """Replaces what is known of a pet."""
    own_pet(pet_id)
    fields = body(PET, NOTES)
    write(
        "UPDATE pets SET name = ?, species = ?, notes = ? WHERE id = ?",
        fields["name"], fields["species"], fields.get("notes", ""), pet_id,
    )  # fmt: skip
    return own_pet(pet_id)


@routes.delete(f"/pets/<{ID}:pet_id>")
def remove_pet(pet_id: int) -> ResponseReturnValue:
    """Removes a pet."""
    write("DELETE FROM pets WHERE id = ?", rules().pet_to_delete(signed_in()["id"], pet_id)["id"])
    return "", 204


def shown_visit(visit: Row) -> Row:
    """What owners see of a visit."""
    return {**visit, "paid": bool(visit["paid"])}


@routes.get(f"/pets/<{ID}:pet_id>/visits")
def list_visits(pet_id: int) -> ResponseReturnValue:
    """The visits of a pet."""
    pet = own_pet(pet_id)
    found = rows("SELECT * FROM visits WHERE pet_id = ? ORDER BY id LIMIT 100", pet["id"])
    return {"items": [shown_visit(visit) for visit in found]}


@routes.post(f"/pets/<{ID}:pet_id>/visits")
def add_visit(pet_id: int) -> ResponseReturnValue:
    """A new visit."""
    pet, fields = own_pet(pet_id), body(VISIT)
    visit_id = write(
        "INSERT INTO visits (pet_id, day, reason) VALUES (?, ?, ?)", pet["id"], fields["day"], fields["reason"]
    )
    return own_visit(visit_id), 201


def own_visit(visit_id: int) -> Row:
    """A visit of a pet of the owner who asks."""
    found = row("SELECT * FROM visits WHERE id = ?", visit_id)
    if (
        found is None
        or row("SELECT 1 FROM pets WHERE id = ? AND owner_id = ?", found["pet_id"], signed_in()["id"]) is None
    ):
        raise Refusal(404, "no such visit")
    return shown_visit(found)


@routes.get(f"/visits/<{ID}:visit_id>")
def read_visit(visit_id: int) -> ResponseReturnValue:
    """One visit."""
    return own_visit(visit_id)


@routes.patch(f"/visits/<{ID}:visit_id>")
def move_visit(visit_id: int) -> ResponseReturnValue:
    """Another day or reason."""
    visit = rules().visit_to_change(signed_in()["id"], visit_id)
    changed = visit | body({}, VISIT)
    write("UPDATE visits SET day = ?, reason = ? WHERE id = ?", changed["day"], changed["reason"], visit_id)
    return shown_visit(changed)


@routes.post("/payments/notices")
def hear_notice() -> ResponseReturnValue:
    """The payment provider says that a visit was paid."""
    rules().check_notice(request.get_data(), request.headers.get("X-Provider-Signature", ""), options().secret)
    notice = read(json_body(), {"visit_id": whole(1, 2**31 - 1), "status": text(4, 6, "paid|failed")})
    if notice["status"] == "paid":
        write("UPDATE visits SET paid = 1 WHERE id = ?", notice["visit_id"])
    return "", 204


@routes.post(f"/pets/<{ID}:pet_id>/records")
def import_record(pet_id: int) -> ResponseReturnValue:
    """Fetches a pet's record from another clinic."""
    pet, url = own_pet(pet_id), body({"source_url": text(8, 500)})["source_url"]
    summary = rules().fetch(url, options().partner).decode("utf-8", "replace")[:2000]
    record_id = write("INSERT INTO records (pet_id, source_url, summary) VALUES (?, ?, ?)", pet["id"], url, summary)
    return {"id": record_id, "source_url": url, "summary": summary}, 201


@routes.get(f"/pets/<{ID}:pet_id>/records")
def list_records(pet_id: int) -> ResponseReturnValue:
    """The imported records of a pet."""
    pet = own_pet(pet_id)
    return {"items": rows("SELECT id, source_url, summary FROM records WHERE pet_id = ? LIMIT 100", pet["id"])}


@routes.get("/leaflets")
def read_leaflet() -> ResponseReturnValue:
    """A text to print."""
    return Response(rules().leaflet(request.args.get("file", "")), mimetype="text/plain")
