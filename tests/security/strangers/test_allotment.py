"""The allotment's seeded flaws, each tried by hand on both of its forms."""

import json
from typing import Any, Final

import httpx
import pytest

from tests.parts.stranger import Said
from tests.security.strangers.hostility import failures
from tests.security.strangers.lab import PASSWORD, Lab, Proof, fresh_name

APPLICATION: Final = "allotment"
pytestmark = pytest.mark.xdist_group("allotment")

EVIL: Final = "https://evil.test"
BEANS: Final = {"title": "Beans", "price_cents": 200, "quantity": 50}


def with_token(client: httpx.Client) -> httpx.Client:
    """The client, which from now on sends the token that it has as a cookie."""
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


def newcomer(lab: Lab, **options: Any) -> httpx.Client:
    """Nobody yet, with a CSRF token."""
    client = lab.visitor(**options)
    client.get("/api/csrf/").raise_for_status()
    return with_token(client)


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/api/session/", json={"email": email, "password": password})


def register(client: httpx.Client, email: str) -> httpx.Response:
    return client.post("/api/accounts/", json={"email": email, "password": PASSWORD, "display_name": "Ann"})


def gardener(lab: Lab, email: str | None = None, **options: Any) -> httpx.Client:
    """A registered gardener who has signed in."""
    client, email = newcomer(lab, **options), email or fresh_email()
    register(client, email).raise_for_status()
    sign_in(client, email).raise_for_status()
    return with_token(client)


def fresh_email() -> str:
    return fresh_name() + "@mail.test"


def plot(client: httpx.Client, **more: Any) -> str:
    """The address of a new plot."""
    made = client.post("/api/plots/", json={"name": "Sunny corner", "note": "key under the pot", **more})
    return f"/api/plots/{made.raise_for_status().json()['slug']}/"


def bed(client: httpx.Client, of_plot: str) -> str:
    """The id of a new bed."""
    made = client.post(of_plot + "beds/", json={"crop": "leek", "diary": "slugs again"})
    return str(made.raise_for_status().json()["id"])


def offer(client: httpx.Client) -> str:
    """The address of a new offer."""
    return f"/api/offers/{client.post('/api/offers/', json=BEANS).raise_for_status().json()['id']}/"


def order(client: httpx.Client, of_offer: str, quantity: int = 2) -> httpx.Response:
    return client.post(of_offer + "orders/", json={"quantity": quantity})


def beds_read(lab: Lab) -> bool:
    a = gardener(lab)
    of_plot = plot(a)
    bed(a, of_plot)
    return "slugs again" in gardener(lab).get(of_plot + "beds/").text


def bed_changed_through_own_plot(lab: Lab) -> bool:
    a, b = gardener(lab), gardener(lab)
    of_plot = plot(a)
    bed_id = bed(a, of_plot)
    b.patch(f"{plot(b)}beds/{bed_id}/", json={"diary": "changed by another"})
    return bool(a.get(f"{of_plot}beds/{bed_id}/").json()["diary"] == "changed by another")


def order_cancelled_by_another(lab: Lab) -> bool:
    a = gardener(lab)
    order_id = order(a, offer(gardener(lab))).json()["id"]
    gardener(lab).post(f"/api/orders/{order_id}/cancel/")
    return bool(a.get(f"/api/orders/{order_id}/").json()["state"] == "cancelled")


def registration_names_accounts(lab: Lab) -> bool:
    gardener(lab, email := fresh_email())
    known, new = register(newcomer(lab), email), register(newcomer(lab), fresh_email())
    return (known.status_code, known.text) != (new.status_code, new.text)


def passwords_guessed_freely(lab: Lab) -> bool:
    gardener(lab, email := fresh_email())
    guesser = newcomer(lab)
    statuses = {sign_in(guesser, email, f"wrong password {n}").status_code for n in range(40)}
    return statuses == {401} and sign_in(guesser, email).status_code == 200


def session_outlives_sign_out(lab: Lab) -> bool:
    a = gardener(lab)
    before = a.cookies["sessionid"]
    assert a.delete("/api/session/").status_code == 204
    return lab.visitor(cookies={"sessionid": before}).get("/api/profile/").status_code == 200


def seller_exposed(lab: Lab) -> bool:
    shown = lab.visitor().get(offer(gardener(lab, email := fresh_email()))).text
    assert "Ann" in shown
    return email in shown


def staff_assigned(lab: Lab) -> bool:
    a = gardener(lab)
    a.patch("/api/profile/", json={"is_staff": True, "balance_cents": 999_999})
    profile = a.get("/api/profile/").json()
    return (profile["is_staff"], profile["balance_cents"]) == (True, 999_999)


def page_without_end(lab: Lab) -> bool:
    return len(lab.visitor().get("/api/offers/?page_size=100000").json().get("results", [])) > 100


def body_without_end(lab: Lab) -> bool:
    a = gardener(lab)
    made = a.post("/api/plots/", json={"name": "Large", "note": "n" * 4_000_000})
    return made.status_code == 201 and len(a.get(f"/api/plots/{made.json()['slug']}/").json()["note"]) == 4_000_000


def offer_hidden_by_anybody(lab: Lab) -> bool:
    path, b = offer(gardener(lab)), gardener(lab)
    assert b.get("/api/moderation/offers/").status_code == 404
    b.post(path.replace("/api/", "/api/moderation/") + "hide/")
    return b.get(path).status_code == 404


def negative_quantity(lab: Lab) -> bool:
    a = gardener(lab)
    order(a, offer(gardener(lab)), -10)
    return bool(a.get("/api/profile/").json()["balance_cents"] > 5000)


def feed_of_any_address(lab: Lab) -> bool:
    canary, a = lab.canary(), gardener(lab)
    lab.partner.answer = lambda _heard: Said(302, headers={"Location": f"http://{canary.address}/redirected"})
    for address in (canary.address, lab.partner.address):
        a.post("/api/offers/import/", json={"feed_url": f"http://{address}/direct"})
    return {heard.path for heard in canary.heard} == {"/direct", "/redirected"}


def debug_mode(lab: Lab) -> bool:
    trace, unknown = lab.visitor().get("/api/offers/?page_size=x"), lab.visitor().get("/no/such/place")
    assert unknown.status_code == 404
    return trace.status_code == 500 and "Traceback" in trace.text and "moderation" in unknown.text


def forged_requests(lab: Lab) -> bool:
    a = gardener(lab)
    forged = lab.visitor(cookies={"sessionid": a.cookies["sessionid"]})
    forged.patch("/api/profile/", json={"display_name": "Mallory"}, headers={"Origin": EVIL})
    return bool(a.get("/api/profile/").json()["display_name"] == "Mallory")


def any_origin_with_credentials(lab: Lab) -> bool:
    headers = gardener(lab).get("/api/profile/", headers={"Origin": EVIL}).headers
    return headers.get("Access-Control-Allow-Origin") == EVIL and "Access-Control-Allow-Credentials" in headers


def session_cookie_unprotected(lab: Lab) -> bool:
    client = newcomer(lab)
    register(client, email := fresh_email())
    (cookie,) = (
        value for value in sign_in(client, email).headers.get_list("Set-Cookie") if value.startswith("sessionid")
    )
    return "httponly" not in cookie.lower() and "samesite" not in cookie.lower()


def no_protective_headers(lab: Lab) -> bool:
    headers = gardener(lab).get("/api/profile/").headers
    return "X-Content-Type-Options" not in headers and "Cache-Control" not in headers and "Python" in headers["Server"]


def sql_in_search(lab: Lab) -> bool:
    client = lab.visitor()
    true, false = (client.get("/api/offers/search/", params={"q": f"packet%' AND '1'='{n}' --"}) for n in (1, 2))
    union = "x' UNION SELECT email, password FROM auth_user --"
    hashes = client.get("/api/offers/search/", params={"q": union}).text
    return bool(true.json()["results"] and not false.json()["results"] and "scrypt" in hashes)


def legacy_address_answers(lab: Lab) -> bool:
    path = plot(gardener(lab)).replace("/api/", "/api/legacy/")
    return "key under the pot" in lab.visitor().get(path).text


def feed_trusted(lab: Lab) -> bool:
    feed(lab, BEANS | {"price_cents": -500})
    answer = import_feed(lab, a := gardener(lab))
    assert a.post("/api/offers/", json=BEANS | {"price_cents": -500}).status_code == 400
    return answer.status_code == 201 and answer.json()["results"][0]["price_cents"] == -500


def feed(lab: Lab, *items: Any) -> None:
    """The partner offers these from now on."""
    lab.partner.answer = lambda _heard: Said(body=json.dumps({"offers": items}).encode())


def import_feed(lab: Lab, client: httpx.Client) -> httpx.Response:
    return client.post("/api/offers/import/", json={"feed_url": f"http://{lab.partner.address}/feed"})


PROOFS: Final[dict[str, Proof]] = {
    proof.__name__: proof
    for proof in (
        beds_read, bed_changed_through_own_plot, order_cancelled_by_another, registration_names_accounts,
        passwords_guessed_freely, session_outlives_sign_out, seller_exposed, staff_assigned, page_without_end,
        body_without_end, offer_hidden_by_anybody, negative_quantity, feed_of_any_address, debug_mode, forged_requests,
        any_origin_with_credentials, session_cookie_unprotected, no_protective_headers, sql_in_search,
        legacy_address_answers, feed_trusted,
    )
}  # fmt: skip


@pytest.mark.parametrize("flaw", PROOFS)
def test_a_flaw_is_there_until_it_is_mended(flaw: str, lab: Lab) -> None:
    """The attack that flaws.toml describes succeeds on the one form and fails on the other."""
    assert PROOFS[flaw](lab) is not lab.backend.repaired


def test_honest_use_works(lab: Lab) -> None:
    """Every operation of the document serves who may use it, as documented, in both forms."""
    a, b = gardener(lab, documented=True), gardener(lab, documented=True)
    assert a.patch("/api/profile/", json={"address": "Gate 4"}).json()["address"] == "Gate 4"
    use_plots(a, b)
    path = use_market(lab, a, b)
    warden = newcomer(lab, documented=True)
    sign_in(warden, "warden@allotment.test", lab.backend.secret).raise_for_status()
    assert with_token(warden).post(path.replace("/api/", "/api/moderation/") + "hide/").status_code == 204
    assert path.split("/")[-2] in warden.get("/api/moderation/offers/").text
    assert a.get(path).status_code == 404
    assert a.delete(path).status_code == 204
    assert a.delete("/api/session/").status_code == 204
    assert lab.visitor(documented=True).get("/api/profile/").status_code == 401
    assert set(lab.document.operations) - lab.served == {"GET /api/legacy/plots/{slug}/"}


def use_plots(a: httpx.Client, b: httpx.Client) -> None:
    of_plot, public = plot(a), plot(a, is_public=True)
    assert b.get(public).json()["name"] == "Sunny corner"
    assert b.get(of_plot).status_code == 404
    assert a.patch(of_plot, json={"note": "moved"}).json()["note"] == "moved"
    path = f"{of_plot}beds/{bed(a, of_plot)}/"
    assert a.patch(path, json={"crop": "kale"}).json()["crop"] == "kale"
    assert a.get(of_plot + "beds/").json()["results"] == [a.get(path).json()]
    assert a.delete(path).status_code == 204
    assert a.delete(of_plot).status_code == 204
    assert next(seen["slug"] for seen in a.get("/api/plots/").json()["results"]) == public.split("/")[-2]


def use_market(lab: Lab, a: httpx.Client, b: httpx.Client) -> str:
    """Sells, buys, cancels; the address of an offer of A's that is still there."""
    path = offer(a)
    assert a.patch(path, json={"price_cents": 300}).json()["price_cents"] == 300
    assert b.patch(path, json={"price_cents": 1}).status_code == 403
    assert b.get(path).json()["price_cents"] == 300
    bought = order(b, path).json()
    assert bought["total_cents"] == 600
    assert b.get("/api/profile/").json()["balance_cents"] == 4400
    assert a.get("/api/profile/").json()["balance_cents"] == 5600
    assert a.get(f"/api/orders/{bought['id']}/").json() == bought  # its seller may see it
    assert order(b, path, 49).status_code == 409
    assert b.post(f"/api/orders/{bought['id']}/cancel/").json()["state"] == "cancelled"
    assert b.get("/api/orders/").json()["results"][0]["state"] == "cancelled"
    assert b.get("/api/profile/").json()["balance_cents"] == 5000
    feed(lab, BEANS)
    assert import_feed(lab, a).json()["results"][0]["title"] == "Beans"
    assert a.get("/api/offers/?page_size=2").json()["count"] > 150
    assert len(a.get("/api/offers/search/?q=packet").json()["results"]) == 20
    return path


@pytest.mark.parametrize("backend", ["mended"], indirect=True)
def test_hostile_requests_do_not_fail_the_mended_form(lab: Lab) -> None:
    """Paths, bodies and fields that nobody sane would send are answered below 500."""
    a = gardener(lab)
    of_plot, of_offer = plot(a), offer(a)
    values = {
        "slug": of_plot.split("/")[-2], "bed_id": bed(a, of_plot), "offer_id": of_offer.split("/")[-2], "order_id": "0",
    }  # fmt: skip
    assert failures(a, lab.document, values) == []
