"""Redaction: secrets go, what helps to recognise them stays, and doing it twice is doing it once."""

import base64
import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from security.redact import mask, redact, redact_text

BASE64URL = string.ascii_letters + string.digits + "-_"
WORDS = st.text(string.ascii_letters + string.digits + "-._~!", min_size=8, max_size=40)
SURROUNDINGS = st.text(string.ascii_lowercase + " ,.;:{}[]()\"'=&\n", max_size=30)
ANYTHING = st.text(max_size=200)
SECRET_SHAPES = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$YW5kYWhhc2hhbmRhaGFzaGFuZGFoYXNo",
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "sha256$ab12cd$5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "pbkdf2_sha256$600000$c2FsdHNhbHQ$Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYg",
    "d41d8cd98f00b204e9800998ecf8427e",
]


@pytest.mark.parametrize("secret", SECRET_SHAPES)
@given(before=SURROUNDINGS, after=SURROUNDINGS)
def test_known_shapes_go_wherever_they_stand(secret: str, before: str, after: str) -> None:
    """A token or a hash does not survive, whatever stands around it."""
    assert secret not in redact_text(f"{before} {secret} {after}")
    assert secret not in json.dumps(redact({"list": [before, {"value": secret}], "text": f"{before}\n{secret}"}))


@given(claims=st.dictionaries(st.text(string.ascii_letters, min_size=1), st.integers() | WORDS, max_size=4))
def test_any_token_goes(claims: dict[str, int | str]) -> None:
    """Any JSON Web Token is masked, the unsigned one too, and keeps its first four characters and its length."""
    parts = [json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode()]
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
    assert redact_text(f"sent {token} to it") == f"sent eyJh…[{len(token)}] to it"


@pytest.mark.parametrize(
    "line",
    [
        *("Authorization: Token {}", "authorization: Bearer {}", "'Authorization': 'Basic {}'", "Cookie: session={}"),
        *("Set-Cookie: sid={}; HttpOnly", "password={}&x=1", '{{"password": "{}"}}', "'api_key': '{}'", "pwd: {}"),
        *("postgresql://someone:{}@127.0.0.1/db", "http://{}@127.0.0.1/", "csrf_token={}", "secret: '{}'"),
    ],
)
@given(secret=WORDS)
def test_named_secrets_go(line: str, secret: str) -> None:
    """A value that a header line, an assignment or a URL names as secret does not survive."""
    assume(secret not in line)
    assert secret not in redact_text(line.format(secret))


@pytest.mark.parametrize(
    "key",
    ["password", "Password", "user_password", "token", "access-token", "Cookie", "set-cookie", "apiKey", "secret"],
)
@given(secret=WORDS)
def test_values_of_secret_keys_go(key: str, secret: str) -> None:
    """A value under a secret key is masked, however deep it stands and whatever it looks like."""
    plain, nested = redact({"a": [{key: secret}, {key: [secret, {"b": secret}]}]})["a"]
    assert {plain[key], nested[key][0], nested[key][1]["b"]} == {mask(secret)}


@given(ANYTHING)
def test_text_twice_is_once(text: str) -> None:
    """Redacting any text twice gives what redacting it once gives."""
    assert redact_text(redact_text(text)) == redact_text(text)


NAMES = ["password=", "Authorization: ", "authorization: Token ", "token: ", "Cookie: ", "…[12]", "://a@"]


@given(st.lists(st.sampled_from([*SECRET_SHAPES, *NAMES]) | st.text(max_size=6), max_size=8))
def test_secrets_side_by_side_twice_is_once(pieces: list[str]) -> None:
    """Secrets that touch each other, or pieces that are masked already, don't make a second pass differ."""
    once = redact_text("".join(pieces))
    assert redact_text(once) == once


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANYTHING,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["password", "token", "name", "password_hash"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_structures_twice_is_once(value: object) -> None:
    """Redacting any JSON twice gives what redacting it once gives."""
    assert redact(redact(value)) == redact(value)


@pytest.mark.parametrize(
    "harmless",
    [
        "token: is missing",
        "password: can't be blank",
        "hardened,password_hash=sha256,token_signature=hs256",
        "GET /api/articles?limit=20 answers 200",
        "http://127.0.0.1:8000/api/users/login",
        "marker0123456789ab",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    """Messages, treatments and addresses stay readable."""
    assert redact_text(harmless) == harmless


def test_a_factor_named_like_a_column_stays() -> None:
    """`password_hash` as a factor keeps its level; as a column it loses its hash."""
    assert redact({"password_hash": "argon2id_19mib"}) == {"password_hash": "argon2id_19mib"}
    assert redact({"password_hash": "c2VjcmV0U2VjcmV0"})["password_hash"] == "c2Vj…[16]"


@given(st.text(min_size=1, max_size=60))
def test_a_mask_shows_at_most_a_quarter(secret: str) -> None:
    """What stays of a secret is at most a quarter of it and at most four characters."""
    kept = mask(secret).partition("…")[0]
    assert len(kept) <= min(4, len(secret) // 4)


def test_the_scheme_of_an_authorization_stays() -> None:
    """`Token` or `Bearer` before a credential says how it was sent; it is no secret, the second time neither."""
    once = redact_text(f"Authorization: Token {SECRET_SHAPES[0]}")
    assert once == f"Authorization: Token eyJh…[{len(SECRET_SHAPES[0])}]"
    assert redact_text(once) == once


def test_bytes_numbers_and_keys() -> None:
    """Bytes are read as text, a secret number is masked, a secret in a key's place too."""
    assert redact(b"password=hunter2hunter2") == "password=hun…[14]"
    assert redact({"token": 1234567890123456}) == {"token": "1234…[16]"}
    assert SECRET_SHAPES[0] not in redact({SECRET_SHAPES[0]: 1})
