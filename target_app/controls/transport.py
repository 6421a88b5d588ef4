"""Whether requests and answers can be read and changed on their way, and by which versions of TLS not.

The profiles serve plain HTTP, which stays on loopback: TLS there would be a price without a threat. So this control has
plans and blocks of its own.

The certificate is the one of `TARGET_TLS_CERTIFICATE_FILE`, with its key beside it (`.key`). Where there is none a
self-signed one is made for the address that is served, for clients that are told to trust that file and no other.
"""

import ipaddress
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from target_app.controls.model import Factor, Kit, Level

VALID: Final = timedelta(days=30)
#: Clocks differ.
EARLY: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Plain:
    """HTTP."""

    scheme: str = "http"

    def options(self, _certificate: Path, _host: str) -> dict[str, Any]:
        """None of uvicorn's options for TLS."""
        return {}


@dataclass(frozen=True)
class Tls:
    """HTTPS by this version of TLS and later ones."""

    oldest: ssl.TLSVersion
    #: OpenSSL's list; empty: its own.
    ciphers: str = ""
    scheme: str = "https"

    def options(self, certificate: Path, host: str) -> dict[str, Any]:
        """Uvicorn's options, after the certificate was made if there was none."""
        if not certificate.exists():
            make_certificate(certificate, host)
        files = {"ssl_certfile": certificate, "ssl_keyfile": key_beside(certificate)}
        return {**files, "ssl_context_factory": self.bounded}

    def bounded(self, _config: object, made: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """Uvicorn's context, bound to the versions."""
        context = made()
        if self.ciphers:
            context.set_ciphers(self.ciphers)
        context.minimum_version = self.oldest
        return context


def key_beside(certificate: Path) -> Path:
    """Where the certificate's key stands."""
    return certificate.with_suffix(".key")


def make_certificate(file: Path, host: str) -> None:
    """A self-signed certificate for one address or name, and its key (P-256), which its owner alone can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "target_app")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([general_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(key_beside(file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(encoded)
    part = file.with_suffix(".part")  # who waits for the file finds it whole
    part.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    part.replace(file)


def general_name(host: str) -> x509.GeneralName:
    """An address or a name, as a certificate has it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


Transport = Plain | Tls
#: By level. Level 0 of OpenSSL's security is what TLS before 1.2 needs: its handshakes are signed with SHA-1.
TRANSPORTS: dict[str, Transport] = {
    "http": Plain(),
    "tls10": Tls(ssl.TLSVersion.TLSv1, "DEFAULT:@SECLEVEL=0"),
    "tls12": Tls(ssl.TLSVersion.TLSv1_2),
    "tls13": Tls(ssl.TLSVersion.TLSv1_3),
}


def transport(level: str) -> Callable[[Kit], Transport]:
    """What builds a level."""
    return lambda _kit: TRANSPORTS[level]


TRANSPORT: Factor[Transport] = Factor(
    name="transport",
    kind="control",
    threat="Who is on the way reads and changes requests and answers",
    owasp=("API8",),
    asvs=("12.1.1",),
    cwe=("319", "326"),
    cost_hypothesis="About 1 ms a connection; 50 to 120 µs a request on one that is kept",
    journeys=("anonymous_reader", "log_in"),
    levels=(
        Level("http", "plain", "no encryption, for loopback alone", transport("http")),
        Level(
            "tls10",
            "weak",
            "TLS 1.0 and later, whatever a client offers",
            transport("tls10"),
            trips=("weak_handshake",),
        ),
        Level("tls12", "strong", "TLS 1.2 and later", transport("tls12")),
        Level("tls13", "strong", "TLS 1.3", transport("tls13")),
    ),
)
