"""Servers of the probe's own that take the payment provider's place: one with a certificate of its own, one silent."""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from security.probe.scene import Scene, require

PUBLIC = "203.0.113.11"  # what the provider's name stands for, by the lab's word (RFC 5737)
TIMEOUT_S = 5.0


def provider_name(scene: Scene) -> str:
    """Where the target asks its provider. Raises `CouldNotRunError` where that is no name for the lab to lead away."""
    url = scene.target.services.get("provider", "")
    parts = urlsplit(url)
    require(url, "Nothing is known of a name at which the target asks its payment provider.")
    led = parts.scheme == "https" and not (parts.hostname or "0").rpartition(".")[2].isdigit()
    require(led, f"The target asks its payment provider at {url}: not over TLS, or by an address.")
    return str(parts.hostname)


@dataclass
class Impostor:
    """What a self-signed server met: `told` are paths of requests, `refused` is how handshakes ended that failed."""

    told: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def note(self, where: list[str], what: str) -> None:
        """Something came in."""
        with self._changed:
            where.append(what)
            self._changed.notify_all()

    def met(self, timeout_s: float) -> bool:
        """Whether the target came, and let itself be deceived or not, within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self.told or self.refused), timeout_s)


@contextmanager
def impostor(scene: Scene, name: str) -> Iterator[Impostor]:
    """A provider at this name, which takes every payment, with a certificate that nobody vouches for."""
    with _Server((scene.loopback(), 0), _Handler) as server:
        server.context, server.impostor = _self_signed(name), Impostor()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            scene.lab.resolve(name, address=PUBLIC, connect="{}:{}".format(*server.server_address))
            yield server.impostor
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext
    impostor: Impostor

    def handle_error(self, *_arguments: object) -> None:
        """A peer that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        self.request.settimeout(TIMEOUT_S)
        try:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        except OSError as error:
            self.server.impostor.note(self.server.impostor.refused, getattr(error, "reason", None) or str(error))
            raise
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the server knows the connection without TLS alone

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self._answer({"id": "ch_impostor", "status": "succeeded", "amount": asked["amount"]})

    def do_GET(self) -> None:
        self._answer({"charges": []})

    def _answer(self, shown: dict[str, Any]) -> None:
        self.server.impostor.note(self.server.impostor.told, urlsplit(self.path).path)
        body = json.dumps(shown).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def _self_signed(name: str) -> ssl.SSLContext:
    """What a server needs to claim this name by its own word alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    named = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as pem:  # the standard library reads certificates from files alone
        pem.write(private + named.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        pem.flush()
        context.load_cert_chain(pem.name)
    return context


@contextmanager
def silence(scene: Scene, name: str) -> Iterator[socket.socket]:
    """A listening socket at this name, behind which nobody says a word."""
    with socket.create_server((scene.loopback(), 0)) as listener:
        scene.lab.resolve(name, address=PUBLIC, connect="{}:{}".format(*listener.getsockname()))
        yield listener


def held(listener: socket.socket, arrival_s: float, patience_s: float) -> float | None:
    """Seconds for which the first peer waits in vain for an answer, at most `patience_s`; None where nobody comes."""
    listener.settimeout(arrival_s)
    try:
        peer, _ = listener.accept()
    except TimeoutError:
        return None
    with peer:
        began = time.monotonic()
        peer.settimeout(patience_s)
        try:
            while peer.recv(4096):
                peer.settimeout(max(0.01, began + patience_s - time.monotonic()))
        except OSError:  # it took too long, or the peer broke off
            pass
        return time.monotonic() - began
