"""The clinic's seeded flaws, each tried by hand on both of its forms."""

import hashlib
import hmac
import json
from typing import Any, Final

import httpx
import jwt
import pytest

from tests.parts.stranger import Said
from tests.security.strangers.hostility import failures
from tests.security.strangers.lab import PASSWORD, Lab, Proof, fresh_name

APPLICATION: Final = "clinic"
pytestmark = pytest.mark.xdist_group("clinic")

EVIL: Final = "https://evil.test"


def log_in(client: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/v2/auth/login", json={"username": username, "password": password})


def register(client: httpx.Client, username: str) -> httpx.Response:
    fields = {"username": username, "password": PASSWORD, "email": f"{username}@mail.test"}
    return client.post("/v2/auth/register", json=fields)


def owner(lab: Lab, name: str | None = None, **options: Any) -> httpx.Client:
    """A registered owner who has signed in."""
    client, name = lab.visitor(**options), name or fresh_name()
    register(client, name).raise_for_status()
    client.headers["Authorization"] = f"Bearer {log_in(client, name).raise_for_status().json()['access_token']}"
    return client


def pet(client: httpx.Client) -> str:
    """The path of a new pet."""
    made = client.post("/v2/pets", json={"name": "Rex", "species": "dog", "notes": "afraid of cats"})
    return f"/v2/pets/{made.raise_for_status().json()['id']}"


def visit(client: httpx.Client) -> str:
    """The path of a new visit."""
    made = client.post(pet(client) + "/visits", json={"day": "2031-05-04", "reason": "vaccination"})
    return f"/v2/visits/{made.raise_for_status().json()['id']}"


def token_of(client: httpx.Client) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


def notice(client: httpx.Client, path: str, secret: str) -> httpx.Response:
    body = json.dumps({"visit_id": int(path.rpartition("/")[2]), "status": "paid"})
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Provider-Signature": signature, "Content-Type": "application/json"}
    return client.post("/v2/payments/notices", content=body, headers=headers)


def pet_read(lab: Lab) -> bool:
    path = pet(owner(lab))
    return "afraid of cats" in owner(lab).get(path).text


def pet_removed(lab: Lab) -> bool:
    a, b = owner(lab), owner(lab)
    path = pet(a)
    b.delete(path)
    return a.get(path).status_code == 404


def visit_moved(lab: Lab) -> bool:
    a, b = owner(lab), owner(lab)
    path = visit(a)
    b.patch(path, json={"reason": "moved by another"})
    return bool(a.get(path).json()["reason"] == "moved by another")


def believed(lab: Lab, token: str, name: str) -> bool:
    """Whether a token opens the profile of this owner."""
    answer = lab.visitor().get("/v2/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200 and answer.json()["username"] == name


def claims_of(client: httpx.Client) -> dict[str, Any]:
    return dict(jwt.decode(token_of(client), options={"verify_signature": False}))


def unsigned_token(lab: Lab) -> bool:
    a = owner(lab, name := fresh_name())
    forged = claims_of(owner(lab)) | {"sub": claims_of(a)["sub"]}
    return believed(lab, jwt.encode(forged, "", "none"), name)


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def guessable_signing_key(lab: Lab) -> bool:
    a = owner(lab, name := fresh_name())
    forged = claims_of(owner(lab)) | {"sub": claims_of(a)["sub"]}
    return believed(lab, jwt.encode(forged, "secret", "HS256"), name)


def token_outlives_log_out(lab: Lab) -> bool:
    a = owner(lab)
    assert a.post("/v2/auth/logout").status_code == 204
    return a.get("/v2/me").status_code == 200


def log_in_names_accounts(lab: Lab) -> bool:
    owner(lab, name := fresh_name())
    known, unknown = (log_in(lab.visitor(), who, "wrong password") for who in (name, fresh_name()))
    return (known.status_code, known.text) != (unknown.status_code, unknown.text)


def passwords_guessed_freely(lab: Lab) -> bool:
    owner(lab, name := fresh_name())
    guesser = lab.visitor()
    statuses = {log_in(guesser, name, f"wrong password {n}").status_code for n in range(40)}
    return statuses == {401} and log_in(guesser, name).status_code == 200


def review_shows_its_author(lab: Lab) -> bool:
    a = owner(lab, name := fresh_name())
    a.post("/v2/vets/7/reviews", json={"stars": 5, "text": "kind"}).raise_for_status()
    shown = lab.visitor().get("/v2/vets/7/reviews").text
    assert name in shown
    return f"{name}@mail.test" in shown


def role_assigned(lab: Lab) -> bool:
    a = owner(lab)
    a.patch("/v2/me", json={"phone": "1", "role": "staff", "credit": 999_999}).raise_for_status()
    me = a.get("/v2/me").json()
    assert me["phone"] == "1"
    return (me["role"], me["credit"]) == ("staff", 999_999)


def page_without_end(lab: Lab) -> bool:
    return len(lab.visitor().get("/v2/vets?limit=100000").json()["items"]) > 100


def staff_list_for_all(lab: Lab) -> bool:
    owner(lab, name := fresh_name())
    return f"{name}@mail.test" in owner(lab).get("/v2/staff/owners").text


def accounts_without_end(lab: Lab) -> bool:
    client = lab.visitor()
    made = [register(client, fresh_name()).is_success for _ in range(30)]
    assert made[:20] == [True] * 20
    return all(made)


def voucher_redeemed_again(lab: Lab) -> bool:
    a = owner(lab)
    for _ in range(3):
        a.post("/v2/me/vouchers", json={"code": "WELCOME25"})
    credit = a.get("/v2/me").json()["credit"]
    assert credit >= 2500
    return bool(credit == 7500)


def record_of_any_address(lab: Lab) -> bool:
    canary, a = lab.canary(), owner(lab)
    canary.answer = lambda _heard: Said(body=b"inner secret")
    answer = a.post(pet(a) + "/records", json={"source_url": f"http://{canary.address}/inner"})
    return bool(canary.heard) and "inner secret" in answer.text


def trace_shown(lab: Lab) -> bool:
    answer = lab.visitor().get("/v2/vets?limit=x")
    return answer.status_code == 500 and "Traceback" in answer.text


def any_origin_with_credentials(lab: Lab) -> bool:
    headers = owner(lab).get("/v2/me", headers={"Origin": EVIL}).headers
    return headers.get("Access-Control-Allow-Origin") == EVIL and "Access-Control-Allow-Credentials" in headers


def no_protective_headers(lab: Lab) -> bool:
    headers = owner(lab).get("/v2/me").headers
    return "X-Content-Type-Options" not in headers and "Cache-Control" not in headers and "Python" in headers["Server"]


def sql_in_specialty(lab: Lab) -> bool:
    client = lab.visitor()
    true, false = (client.get("/v2/vets", params={"specialty": f"dogs' AND '1'='{n}"}).json()["items"] for n in (1, 2))
    union = "x' UNION SELECT id, username, password, email FROM owners --"
    return bool(true and not false and "scrypt" in client.get("/v2/vets", params={"specialty": union}).text)


def leaflet_elsewhere(lab: Lab) -> bool:
    return "root:" in lab.visitor().get("/v2/leaflets", params={"file": "../" * 12 + "etc/passwd"}).text


def debug_page(lab: Lab) -> bool:
    return "signing_key" in lab.visitor().get("/debug/config").text


def first_version_left_on(lab: Lab) -> bool:
    path = pet(owner(lab))
    return "afraid of cats" in lab.visitor().get(path.replace("/v2/", "/v1/")).text


def notice_unsigned(lab: Lab) -> bool:
    a = owner(lab)
    path = visit(a)
    notice(lab.visitor(), path, "not the secret")
    return bool(a.get(path).json()["paid"])


PROOFS: Final[dict[str, Proof]] = {
    proof.__name__: proof
    for proof in (
        pet_read, pet_removed, visit_moved, unsigned_token, guessable_signing_key, token_outlives_log_out,
        log_in_names_accounts, passwords_guessed_freely, review_shows_its_author, role_assigned, page_without_end,
        staff_list_for_all, accounts_without_end, voucher_redeemed_again, record_of_any_address, trace_shown,
        any_origin_with_credentials,
        no_protective_headers, sql_in_specialty, leaflet_elsewhere, debug_page, first_version_left_on, notice_unsigned,
    )
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")  # the guessed key is a short word
@pytest.mark.parametrize("flaw", PROOFS)
def test_a_flaw_is_there_until_it_is_mended(flaw: str, lab: Lab) -> None:
    """The attack that flaws.toml describes succeeds on the one form and fails on the other."""
    assert PROOFS[flaw](lab) is not lab.backend.repaired


def test_honest_use_works(lab: Lab) -> None:
    """Every operation of the document serves who may use it, as documented, in both forms."""
    a = owner(lab, documented=True)
    assert a.patch("/v2/me", json={"phone": "555"}).json()["phone"] == "555"
    assert a.post("/v2/me/vouchers", json={"code": "WELCOME25"}).json() == {"credit": 2500}
    of_pet = pet(a)
    assert a.put(of_pet, json={"name": "Max", "species": "dog"}).json()["name"] == "Max"
    assert a.get(of_pet).json()["name"] == "Max"
    use_visits(lab, a)
    use_records(lab, a, of_pet)
    assert len(a.get("/v2/pets").json()["items"]) == 2
    assert a.delete(of_pet).status_code == 204
    assert a.get(of_pet).status_code == 404
    use_public_parts(a)
    assert a.get("/v2/me").json()["credit"] == 2500
    assert a.post("/v2/auth/logout").status_code == 204
    desk = lab.visitor(documented=True)
    token = log_in(desk, "reception", lab.backend.secret).json()["access_token"]
    assert desk.get("/v2/staff/owners", headers={"Authorization": f"Bearer {token}"}).is_success
    assert lab.served == set(lab.document.operations)


def use_visits(lab: Lab, a: httpx.Client) -> None:
    path = visit(a)
    assert a.patch(path, json={"reason": "teeth"}).json()["reason"] == "teeth"
    assert notice(lab.visitor(documented=True), path, lab.backend.secret).status_code == 204
    seen = a.get(path).json()
    assert seen["paid"]
    assert a.get(f"/v2/pets/{seen['pet_id']}/visits").json()["items"] == [seen]


def use_records(lab: Lab, a: httpx.Client, of_pet: str) -> None:
    lab.partner.answer = lambda _heard: Said(body=b"vaccinated")
    made = a.post(of_pet + "/records", json={"source_url": f"http://{lab.partner.address}/rex"})
    assert made.json()["summary"] == "vaccinated"
    assert a.get(of_pet + "/records").json()["items"] == [made.json()]


def use_public_parts(a: httpx.Client) -> None:
    assert [vet["specialty"] for vet in a.get("/v2/vets?specialty=cats&limit=2").json()["items"]] == ["cats", "cats"]
    assert a.get("/v2/vets/3").is_success
    review = a.post("/v2/vets/3/reviews", json={"stars": 4, "text": "good"}).json()
    assert review["id"] in [found["id"] for found in a.get("/v2/vets/3/reviews").json()["items"]]
    assert a.delete(f"/v2/reviews/{review['id']}").status_code == 204
    assert "Comb" in a.get("/v2/leaflets?file=fleas.txt").text


@pytest.mark.parametrize("backend", ["mended"], indirect=True)
def test_hostile_requests_do_not_fail_the_mended_form(lab: Lab) -> None:
    """Paths, bodies and fields that nobody sane would send are answered below 500."""
    a = owner(lab)
    of_visit = visit(a)
    values = {
        "pet_id": pet(a).rpartition("/")[2], "visit_id": of_visit.rpartition("/")[2], "vet_id": "1", "review_id": "1",
    }  # fmt: skip
    assert failures(a, lab.document, values) == []
