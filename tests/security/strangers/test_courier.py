"""The courier's seeded flaws, each tried by hand on both of its forms."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from tests.parts.stranger import Said
from tests.security.strangers.hostility import failures
from tests.security.strangers.lab import PASSWORD, Lab, Proof, fresh_name

APPLICATION: Final = "courier"
pytestmark = pytest.mark.xdist_group("courier")


def make_key(client: httpx.Client, handle: str, passphrase: Any = PASSWORD) -> httpx.Response:
    return client.post("/v2/keys", json={"handle": handle, "passphrase": passphrase})


def phone_of(handle: str) -> str:
    return f"tel-{handle}"


def member(lab: Lab, handle: str | None = None, **options: Any) -> httpx.Client:
    """A registered member with a key."""
    client, handle = lab.visitor(**options), handle or fresh_name()
    fields = {"handle": handle, "passphrase": PASSWORD, "phone": phone_of(handle)}
    client.post("/v2/members", json=fields).raise_for_status()
    client.headers["X-Courier-Key"] = make_key(client, handle).raise_for_status().json()["data"]["key"]
    return client


def data(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()["data"]


def parcel(client: httpx.Client, to: str = "postmaster", contents: str = "a secret gift") -> str:
    """The address of a new parcel."""
    made = client.post("/v2/parcels", json={"to": to, "size": "small", "contents": contents})
    return f"/v2/parcels/{data(made)['parcelId']}"


def update(client: httpx.Client, path: str, secret: str) -> httpx.Response:
    body = json.dumps({"parcelId": path.rpartition("/")[2], "state": "delivered"})
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return client.post("/v2/carrier/updates", content=body, headers={"X-Carrier-Signature": signature})


def parcel_read(lab: Lab) -> bool:
    return "a secret gift" in member(lab).get(parcel(member(lab))).text


def parcel_removed(lab: Lab) -> bool:
    a = member(lab)
    path = parcel(a)
    member(lab).delete(path)
    return a.get(path).status_code == 404


def event_added(lab: Lab) -> bool:
    a = member(lab)
    path = parcel(a) + "/events"
    member(lab).post(path, json={"note": "written by another"})
    return "written by another" in a.get(path).text


def foreign_key_revoked(lab: Lab) -> bool:
    a = member(lab)
    (key,) = data(a.get("/v2/keys"))
    member(lab).delete(f"/v2/keys/{key['keyId']}")
    return not data(a.get("/v2/keys"))


def operators_at_log_in(lab: Lab) -> bool:
    member(lab, handle := fresh_name())
    answer = make_key(lab.visitor(), handle, {"$ne": ""})
    if not answer.is_success:
        return False
    me = lab.visitor().get("/v2/members/me", headers={"X-Courier-Key": data(answer)["key"]})
    return bool(data(me)["handle"] == handle)


def log_in_names_accounts(lab: Lab) -> bool:
    member(lab, handle := fresh_name())
    known, unknown = (make_key(lab.visitor(), who, "wrong passphrase") for who in (handle, fresh_name()))
    return (known.status_code, known.text) != (unknown.status_code, unknown.text)


def passphrases_guessed_freely(lab: Lab) -> bool:
    member(lab, handle := fresh_name())
    guesser = lab.visitor()
    statuses = {make_key(guesser, handle, f"wrong passphrase {n}").status_code for n in range(60)}
    return statuses == {401} and make_key(guesser, handle).status_code == 201


def key_outlives_revocation(lab: Lab) -> bool:
    a = member(lab)
    (key,) = data(a.get("/v2/keys"))
    assert a.delete(f"/v2/keys/{key['keyId']}").status_code == 204
    return a.get("/v2/members/me").status_code == 200


def member_exposed(lab: Lab) -> bool:
    member(lab, handle := fresh_name())
    shown = data(member(lab).get(f"/v2/members/{handle}"))
    assert shown["handle"] == handle
    return (shown.get("phone"), shown.get("passphrase")) == (phone_of(handle), PASSWORD)


def role_assigned(lab: Lab) -> bool:
    a = member(lab)
    data(a.patch("/v2/members/me", json={"motto": "swift", "role": "operator", "credits": 999_999}))
    me = data(a.get("/v2/members/me"))
    assert me["motto"] == "swift"
    return (me["role"], me["credits"]) == ("operator", 999_999)


def page_without_end(lab: Lab) -> bool:
    return len(data(lab.visitor().get("/v2/lockers?limit=100000"))) > 100


def body_without_end(lab: Lab) -> bool:
    a = member(lab)
    made = a.post("/v2/parcels", json={"to": "postmaster", "size": "large", "contents": "c" * 4_000_000})
    if not made.is_success:
        return False
    return len(data(a.get(f"/v2/parcels/{data(made)['parcelId']}"))["contents"]) == 4_000_000


def locker_changed_by_anybody(lab: Lab) -> bool:
    member(lab).put("/v2/lockers/harbour-017", json={"street": "Nowhere", "open": False})
    return bool(data(lab.visitor().get("/v2/lockers/harbour-017"))["street"] == "Nowhere")


def hidden_console(lab: Lab) -> bool:
    member(lab, handle := fresh_name())
    return phone_of(handle) in member(lab).get("/v2/ops/members").text


def claim(client: httpx.Client, campaign: str = "SPRING") -> int:
    return client.post("/v2/credits/claims", json={"campaign": campaign}).status_code


def claim_raced(lab: Lab) -> bool:
    a = member(lab)
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: claim(a), range(10)))
    assert claim(a) == 409
    assert data(a.get("/v2/members/me"))["credits"] == 20 + 50 * statuses.count(201)
    return statuses.count(201) > 1


def negative_transfer(lab: Lab) -> bool:
    a, b = member(lab, handle := fresh_name()), member(lab)
    b.post("/v2/credits/transfers", json={"to": handle, "amount": -15})
    return [data(one.get("/v2/members/me"))["credits"] for one in (a, b)] == [5, 35]


def callback_to_any_address(lab: Lab) -> bool:
    canary, a = lab.canary(), member(lab)
    a.post(parcel(a) + "/callback", json={"url": f"http://{canary.address}/called"})
    return [heard.path for heard in canary.heard] == ["/called"]


def stack_shown(lab: Lab) -> bool:
    answer = lab.visitor().post("/v2/members", content="{no json")
    return answer.status_code == 500 and ".mjs:" in answer.text


def no_protective_headers(lab: Lab) -> bool:
    headers = member(lab).get("/v2/members/me").headers
    missing = {"X-Content-Type-Options", "Cache-Control"}.isdisjoint(name.title() for name in headers)
    return missing and "Node.js v" in headers.get("X-Powered-By", "")


def operators_in_search(lab: Lab) -> bool:
    path = parcel(member(lab))
    answer = member(lab).post("/v2/parcels/search", json={"filter": {"sender": {"$ne": ""}}})
    return path.rpartition("/")[2] in answer.text


def label_elsewhere(lab: Lab) -> bool:
    return "root:" in lab.visitor().get("/v2/labels/" + "..%2f" * 12 + "etc%2fpasswd").text


def first_version_left_on(lab: Lab) -> bool:
    return "a secret gift" in lab.visitor().get(parcel(member(lab)).replace("/v2/", "/v1/")).text


def update_unsigned(lab: Lab) -> bool:
    a = member(lab)
    path = parcel(a)
    update(lab.visitor(), path, "not the secret")
    return bool(data(a.get(path))["state"] == "delivered")


PROOFS: Final[dict[str, Proof]] = {
    proof.__name__: proof
    for proof in (
        parcel_read, parcel_removed, event_added, foreign_key_revoked, operators_at_log_in, log_in_names_accounts,
        passphrases_guessed_freely, key_outlives_revocation, member_exposed, role_assigned, page_without_end,
        body_without_end, locker_changed_by_anybody, hidden_console, claim_raced, negative_transfer,
        callback_to_any_address, stack_shown, no_protective_headers, operators_in_search, label_elsewhere,
        first_version_left_on, update_unsigned,
    )
}  # fmt: skip


@pytest.mark.parametrize("flaw", PROOFS)
def test_a_flaw_is_there_until_it_is_mended(flaw: str, lab: Lab) -> None:
    """The attack that flaws.toml describes succeeds on the one form and fails on the other."""
    assert PROOFS[flaw](lab) is not lab.backend.repaired


def test_honest_use_works(lab: Lab) -> None:
    """Every operation of the document serves who may use it, as documented, in both forms."""
    a, b = (member(lab, fresh_name(), documented=True) for _ in range(2))
    handle = data(b.get("/v2/members/me"))["handle"]
    assert data(a.patch("/v2/members/me", json={"motto": "swift"}))["motto"] == "swift"
    assert data(a.get(f"/v2/members/{handle}"))["handle"] == handle
    use_credits(a, b, handle)
    use_parcels(lab, a, b, handle)
    use_public_parts(lab.visitor(documented=True))
    operator = lab.visitor(documented=True)
    operator.headers["X-Courier-Key"] = data(make_key(operator, "dispatcher", lab.backend.secret))["key"]
    locker = {"street": "Pier 9", "open": False}
    assert data(operator.put("/v2/lockers/harbour-099", json=locker)) == {"lockerId": "harbour-099", **locker}
    (key,) = data(a.get("/v2/keys"))
    assert a.delete(f"/v2/keys/{key['keyId']}").status_code == 204
    assert lab.served == set(lab.document.operations)


def use_credits(a: httpx.Client, b: httpx.Client, handle: str) -> None:
    assert [claim(a, "HARBOUR"), claim(a, "HARBOUR")] == [201, 409]
    assert data(a.post("/v2/credits/transfers", json={"to": handle, "amount": 25})) == {"credits": 5}
    assert a.post("/v2/credits/transfers", json={"to": handle, "amount": 25}).status_code == 409
    assert data(b.get("/v2/members/me"))["credits"] == 45


def use_parcels(lab: Lab, a: httpx.Client, b: httpx.Client, handle: str) -> None:
    path = parcel(a, handle)
    assert data(a.patch(path, json={"size": "large"}))["size"] == "large"
    assert b.patch(path, json={"size": "small"}).status_code == 403
    assert data(b.get(path))["contents"] == "a secret gift"  # its receiver may see it
    assert data(b.post(path + "/events", json={"note": "when?"}))["by"] == handle
    assert [event["note"] for event in data(a.get(path + "/events"))] == ["when?"]
    assert data(a.post("/v2/parcels/search", json={"filter": {"size": "large"}})) == data(a.get("/v2/parcels"))
    lab.partner.answer = lambda _heard: Said()
    called = a.post(path + "/callback", json={"url": f"http://{lab.partner.address}/told"})
    assert data(called) == {"reached": True}
    assert update(lab.visitor(documented=True), path, lab.backend.secret).status_code == 204
    assert data(a.get(path))["state"] == "delivered"
    assert a.delete(path).status_code == 204
    assert b.get(path).status_code == 404


def use_public_parts(client: httpx.Client) -> None:
    assert [locker["lockerId"] for locker in data(client.get("/v2/lockers?limit=2"))] == ["harbour-001", "harbour-002"]
    assert data(client.get("/v2/lockers/harbour-003"))["open"]
    assert client.get("/v2/labels/plain.txt").text.startswith("TO:")


@pytest.mark.parametrize("backend", ["mended"], indirect=True)
def test_hostile_requests_do_not_fail_the_mended_form(lab: Lab) -> None:
    """Paths, bodies and fields that nobody sane would send are answered below 500."""
    a = member(lab)
    parcel_id = parcel(a).rpartition("/")[2]
    values = {"parcelId": parcel_id, "lockerId": "harbour-001", "handle": "-", "keyId": "-", "template": "-"}
    assert failures(a, lab.document, values) == []
