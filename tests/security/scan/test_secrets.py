"""Secrets in files: the marks of issuers and random text, without the places that only wait for one."""

from pathlib import Path

import pytest

from security.scan.secrets import entropy, run_secrets, secret_files

# Put together here, so that no scanner of this very file, or of a host, takes them for real ones.
AWS = "AKIA" + "QWERTY2IOPASDF7H"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
STRIPE = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
TOKEN = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
RANDOM = "q7Wd9xK2mZ4vB8nL" + "3pR6tY1"

SECRETS = {
    "aws": f"key = '{AWS}'",
    "github": f"# {GITHUB}",
    "stripe": f"STRIPE: {STRIPE}",
    "token": f'{{"Authorization": "Bearer {TOKEN}"}}',
    "url": "DSN=postgresql://app:Tr0ub4dor3xy@db.example.com/app",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq3w2sT",
    "random": f'client_secret = "{RANDOM}"',
    "random in yaml": f"api_key: {RANDOM}",
}
HARMLESS = {
    "an environment variable": 'client_secret = os.environ["CLIENT_SECRET"]',
    "a place to fill in": 'api_key = "your-api-key-goes-here-1234"',
    "a reference": "password: ${DATABASE_PASSWORD_FROM_VAULT}",
    "an example": "DSN=postgresql://app:example-password@db/app",
    "a template": "postgresql://{user}:{password}@{host}/app",
    "this machine": "DSN=postgresql://app:Tr0ub4dor3xy@127.0.0.1/app",
    "a lock's hash": "    --hash=sha256:065665c041c42a5938ed220bdcd7230f22527fbec085e1853d2402c8a3615d9d",
    "a name of many words": 'token_url = "authorization-server-token-endpoint"',
    "a public key": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEF",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_is_found_and_not_repeated(tmp_path: Path, text: str) -> None:
    """One finding on its line; the message does not hold the secret."""
    (tmp_path / "settings.yaml").write_text(f"first: line\n{text}\n")
    scanned = run_secrets(["settings.yaml"], tmp_path)
    assert {finding.line for finding in scanned.findings} == {2}
    for part in (AWS, GITHUB, STRIPE, TOKEN, RANDOM, "Tr0ub4dor3xy"):
        assert all(part not in finding.message for finding in scanned.findings)


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_none_is_left_alone(tmp_path: Path, text: str) -> None:
    """Places to fill in, names, hashes and public keys."""
    (tmp_path / "settings.yaml").write_text(text)
    assert run_secrets(["settings.yaml"], tmp_path).findings == ()


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A file that is too large, or no text, is skipped with the reason, never passed over."""
    (tmp_path / "large.json").write_text(" " * 1_000_001)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    scanned = run_secrets(["binary.txt", "large.json"], tmp_path)
    assert [one.path for one in scanned.skipped] == ["binary.txt", "large.json"]
    assert scanned.files == 0


def test_hidden_folders_are_left_out_and_dot_files_are_not(tmp_path: Path) -> None:
    """Environments and caches are not looked into; a `.env` is."""
    for name in (".venv/lib.py", ".env", "a.py", "image.png", "__pycache__/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [path.name for path in secret_files([tmp_path])] == [".env", "a.py"]


def test_entropy_is_shannons() -> None:
    """Bits a character: none for one letter, one for two alike, three for eight."""
    assert [entropy("aaaa"), entropy("abab"), entropy("abcdefgh")] == [0, 1, 3]
