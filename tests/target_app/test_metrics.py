import asyncio
import platform
import time
import tomllib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random

import pytest
from prometheus_client.parser import text_string_to_metric_families

from target_app import controls
from target_app.outbound.resolver import add_name
from target_app.treatment import FACTORS, PROFILES
from tests.parts.pictures import png
from tests.parts.repository import ROOT
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD, AppClient
from tests.target_app.avatars.album import Album
from tests.target_app.shop import Shop
from tests.target_app.tokens import signed
from tests.target_app.transfer.files import importing

Make = Callable[..., AppClient]

#: Controls that have nothing to count, and why.
SILENT = {
    "audit_log": "it refuses nothing; target_audit_records_total counts what it wrote",
    "errors_and_docs": "what it hides are the 500s of target_requests_total",
    "login_answer": "it words refusals; what is refused is a wrong password, and login_throttle counts these",
    "mass_assignment": "what a body does not declare it drops, and refuses nothing",
    "password_hash": "it computes; what has no place in its queue is refused, and counted, by hash_placement",
    "provider_tls": "it decides in the handshake, and the client's breaker counts what fails",
    "signing_key": "it decides once, before the server starts",
    "transport": "it decides in the handshake, of which the application hears nothing",
    "response_fields": "it leaves columns out of every row and refuses nothing",
}
NO_CONTROL = {"__init__", "model", "state", "buckets", "redis_state", "waf_rules", "waf_text"}
CONTROLS = sorted(path for path in Path(controls.__path__[0]).glob("*.py") if path.stem not in NO_CONTROL)

#: docs/architecture.md, "Metrics of the reference backend": name, type, labels.
PROMISED = {
    "target_requests": ("counter", {"method", "route", "status"}),
    "target_request_duration_seconds": ("histogram", {"method", "route"}),
    "target_requests_in_flight": ("gauge", set()),
    "target_db_statements": ("counter", set()),
    "target_db_statement_seconds": ("histogram", set()),
    "target_db_pool_wait_seconds": ("histogram", set()),
    "target_db_pool_checked_out": ("gauge", set()),
    "target_db_pool_size": ("gauge", set()),
    "target_control_decisions": ("counter", {"control", "decision"}),
    "target_password_hash_seconds": ("histogram", set()),
    "target_password_hash_queue": ("gauge", set()),
    "target_state_fallbacks": ("counter", {"control"}),
    "target_background_runs": ("counter", {"task", "outcome"}),
    "target_workers": ("gauge", set()),
    "target_start_time_seconds": ("gauge", set()),
    "target_build_info": ("gauge", {"version", "python", "treatment", "database"}),
    "target_orders": ("counter", {"status"}),
    "target_payment_events": ("counter", {"outcome"}),
    "target_orders_reconciled": ("counter", set()),
    "target_ledger_invariant_ok": ("gauge", set()),
    "target_breaker_state": ("gauge", set()),
    "target_breaker_changes": ("counter", {"state"}),
    "target_open_sockets": ("gauge", {"kind"}),
    "target_realtime_messages": ("counter", {"outcome"}),
    "target_webhook_deliveries": ("counter", {"outcome"}),
    "target_audit_records": ("counter", {"action"}),
    "target_cache_requests": ("counter", {"outcome"}),
}


def test_every_promised_metric_is_there(client: Make) -> None:
    """Names, types and labels are those of docs/architecture.md."""
    app = client("response_cache=per_identity", redis_url="redis://127.0.0.1:1/0", provider_url="http://127.0.0.1:1")
    token = app.register("ann")
    app.call("GET", "/api/user", token)
    found = {}
    for family in text_string_to_metric_families(app.call("GET", "/metrics").text):
        labels = {name for sample in family.samples for name in sample.labels if name != "le"}
        found[family.name] = (family.type, labels)
    assert {name: found.get(name) for name in PROMISED} == PROMISED


def test_routes_are_templates(client: Make) -> None:
    """However many paths are asked for, there is one series per route; unknown paths and methods share one each."""
    app = client()
    for number in range(5):
        app.call("GET", f"/api/articles/slug-{number}")
        app.call("GET", f"/nowhere/{number}")
        app.call(f"METHOD{number}", "/api/tags")
    series = [
        line.split(" ")[0]
        for line in app.call("GET", "/metrics").text.splitlines()
        if line.startswith("target_requests_total{")
    ]
    assert sorted(series) == [
        'target_requests_total{method="GET",route="/api/articles/{slug}",status="404"}',
        'target_requests_total{method="GET",route="unmatched",status="404"}',
        'target_requests_total{method="other",route="/api/tags",status="405"}',
    ]


def test_no_label_grows(client: Make) -> None:
    """Four hundred random paths, methods, hosts, queries and accounts make no series that fifty have not made."""
    app = client()
    random = Random(1)

    def word() -> str:
        return "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789%.-_~", k=random.randint(1, 20)))

    async def ask(times: int) -> None:
        for _ in range(times):
            path = random.choice(["/", "/api/", "/api/articles/", "/api/profiles/", "/.well-known/"]) + word()
            method = random.choice(["GET", "POST", "DELETE", word().upper().strip("%.~") or "X"])
            host = random.choice([{}, {"Host": f"{word()}.test"}])
            await app.send(method, path, None, "127.0.0.9", host, params={word(): word()})
            await app.send("GET", path, word(), "127.0.0.9", {})

    def series() -> set[str]:
        lines = app.call("GET", "/metrics").text.splitlines()
        return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}

    methods = ("GET", "POST", "DELETE", "X")
    paths = ("/", "/api/articles/a", "/api/articles/a%00", "/api/profiles/a", "/api/profiles/a%00", "/api/a")
    for method, path, token in product(methods, paths, (None, "bad")):
        app.call(method, path, token)
        app.call(method, path, token, headers={"Host": "a.test"})
    series()
    app.run(ask(50))
    before = series()
    app.run(ask(400))
    assert series() == before


def test_every_control_counts_what_it_decides(client: Make, tmp_path: Path) -> None:
    """Of each control that decides something per request, allowing and denying are counted."""
    add_name(tmp_path / "names.json", "honest.test", "203.0.113.7", "127.0.0.1:1")
    app = client(
        hash_threads=1,
        resolver_file=tmp_path / "names.json",
        provider_url="http://127.0.0.1:1",
        upload_folder=tmp_path / "uploads",
    )
    ann, bob = app.register("ann"), app.register("bob")
    buy_and_hear_of_it(app, ann, bob)
    send_files(app, ann)
    visit_the_office(Office(app))
    slug = app.publish(ann, "Free")
    app.call("GET", "/api/articles", params={"sort": "newest"})
    app.call("GET", "/api/articles", params={"sort": "id; --"})
    app.call("PUT", f"/api/articles/{slug}", ann, json={"article": {"body": "Mine"}})
    app.call("DELETE", f"/api/articles/{slug}", bob)
    app.call("GET", "/api/user", "none.of.ours")
    app.call("GET", "/api/user", signed(app, {"exp": 1}))
    for host in ("honest.test", "127.0.0.1"):
        app.call("POST", "/api/link-previews", ann, json={"preview": {"url": f"http://{host}/"}})
    for _ in range(11):
        app.log_in("ann", "wrong")

    async def at_once() -> None:
        users = [{"username": f"u{n}", "email": f"u{n}@example.test", "password": PASSWORD} for n in range(30)]
        await asyncio.gather(
            *(app.send("POST", "/api/users", None, "127.0.0.9", {}, json={"user": user}) for user in users)
        )

    app.run(at_once())
    while app.call("POST", "/api/users", json={}).status_code != 429:
        pass
    counted = {
        (sample.labels["control"], sample.labels["decision"])
        for family in text_string_to_metric_families(app.call("GET", "/metrics").text)
        if family.name == "target_control_decisions"
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }
    on = {factor.name for factor in FACTORS if factor.kind == "control" and PROFILES["hardened"][factor.name] != "off"}
    deciding = on - set(SILENT)
    assert counted >= {(control, decision) for control in deciding for decision in ("allow", "deny")}


def buy_and_hear_of_it(app: AppClient, *tokens: str) -> None:
    """The provider's event, signed and not; a coupon for one, used by all."""
    shop = Shop(app, author="seller")  # the office has an author too
    for seal in (shop.seal(b"{}"), "none"):
        shop.tell(b"{}", sealed=seal)
    shop.coupon(uses=1)
    for token in tokens:
        shop.order(token, coupon="CODE")


def send_files(app: AppClient, token: str) -> None:
    """A picture and what is none, one that is there and one outside; imports good, bad and too large."""
    album = Album(app)
    for path in (album.show(token, png()), "/api/avatars/..%2f..%2fapp.db"):
        app.call("GET", path)
    album.put(token, b"no picture")
    for content in (b"[]", b"[", b" " * 10**7):
        importing(app, token, content, "application/json")


def visit_the_office(office: Office) -> None:
    """What a reader may not see, and a moderator may; a token after it was given up."""
    for who in ("reader", "moderator"):
        office.call(who, "GET", "/api/moderation/reports")
    for _ in range(2):
        office.call("reader", "POST", "/api/users/logout")
    for origin in ("http://127.0.0.1:8000", "https://evil.example"):
        office.call(None, "POST", "/moderation/sign-in", headers={"Origin": origin})


@pytest.mark.parametrize("path", CONTROLS, ids=lambda path: path.stem)
def test_no_control_is_silent_without_a_reason(path: Path) -> None:
    """Each control counts its decisions, or stands in the list of those that have none to count."""
    assert ("decision(" in path.read_text()) != (path.stem in SILENT)


def test_the_build_is_named(client: Make) -> None:
    """What serves is a label: the version is the project's, and the treatment is there."""
    app = client()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    names = f'treatment="hardened,password_hash=sha256",version="{version}"'
    assert app.metric(f'target_build_info{{database="sqlite",python="{platform.python_version()}",{names}}}') == 1
    assert abs(app.metric("target_start_time_seconds") - time.time()) < 60


@pytest.mark.parametrize(("path", "status"), [("/api/tags", 200), ("/api/user", 401)])
def test_requests_are_counted_and_timed(client: Make, path: str, status: int) -> None:
    """One request is one in the counter and one in the histogram, and none is left in flight."""
    app = client()
    app.call("GET", path)
    assert app.metric(f'target_requests_total{{method="GET",route="{path}",status="{status}"}}') == 1
    assert app.metric(f'target_request_duration_seconds_count{{method="GET",route="{path}"}}') == 1
    assert app.metric("target_requests_in_flight") == 1  # the one that asks


def test_a_failure_is_counted_as_500(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that ends in an unexpected exception is a 500 in the metrics too."""
    app = client()
    monkeypatch.setattr(app.app.state.parts.articles, "tags", None)
    assert app.call("GET", "/api/tags").status_code == 500
    assert app.metric('target_requests_total{method="GET",route="/api/tags",status="500"}') == 1


def test_two_apps_count_apart(client: Make) -> None:
    """Metrics belong to an app, not to the process."""
    first, second = client(), client()
    first.call("GET", "/api/tags")
    with pytest.raises(KeyError):
        second.metric('target_requests_total{method="GET",route="/api/tags",status="200"}')
