"""By which versions of TLS each level is spoken to, and whose certificate it shows."""

import socket
import ssl
import stat
import warnings
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from target_app.controls.transport import TRANSPORTS, key_beside, make_certificate
from tests.parts.process import answers
from tests.parts.target import TargetServer, empty_sqlite

StartTarget = Callable[..., TargetServer]
VERSIONS = ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3")


def shaken(server: TargetServer, version: str) -> bool:
    """Whether a client that speaks this version alone, and trusts the certificate alone, is shaken hands with."""
    context = ssl.create_default_context(cafile=server.ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    try:
        with socket.create_connection((server.host, server.port), timeout=5) as connection:
            context.wrap_socket(connection, server_hostname=server.host).close()
    except (ssl.SSLError, ConnectionError):
        return False
    return True


@pytest.mark.parametrize(("level", "workers", "refused"), [("tls10", 1, 0), ("tls12", 2, 2), ("tls13", 1, 3)])
def test_old_versions_are_refused(
    start_target: StartTarget, tmp_path: Path, level: str, workers: int, refused: int
) -> None:
    """Each level speaks its version and later ones, whichever worker answers, and no plain HTTP on that port."""
    server = start_target(f"hardened,transport={level}", empty_sqlite(tmp_path), workers=workers)
    for _ in range(4 * workers):
        assert [shaken(server, version) for version in VERSIONS] == [False] * refused + [True] * (4 - refused)
    assert not answers(server.url.replace("https", "http") + "/health")
    assert not answers(f"{server.url}/health", other_certificate(tmp_path, server.host))


def other_certificate(folder: Path, host: str) -> Path:
    """A certificate for the same address, of somebody else."""
    file = folder / "other.crt"
    make_certificate(file, host)
    return file


def test_a_certificate_that_is_there_is_served(tmp_path: Path) -> None:
    """It is made where there is none, and never again."""
    file, level = tmp_path / "given.crt", TRANSPORTS["tls13"]
    options = level.options(file, "127.0.0.1")
    made = file.read_bytes()
    assert level.options(file, "127.0.0.2") == options
    assert file.read_bytes() == made
    assert TRANSPORTS["http"].options(tmp_path / "none.crt", "127.0.0.1") == {}
    assert not (tmp_path / "none.crt").exists()


def test_a_certificate_names_its_address_and_hides_its_key(tmp_path: Path) -> None:
    """One address or one name; the key is for the owner's eyes."""
    file = tmp_path / "made.crt"
    for host in ("127.3.2.1", "::1"):
        make_certificate(file, host)
        assert names(file).get_values_for_type(x509.IPAddress) == [ip_address(host)]
    make_certificate(file, "target.example")
    assert names(file).get_values_for_type(x509.DNSName) == ["target.example"]
    assert stat.S_IMODE(key_beside(file).stat().st_mode) == 0o600
    assert b"PRIVATE" not in file.read_bytes()


def names(file: Path) -> x509.SubjectAlternativeName:
    """Whom a certificate is for."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
