import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from target_app.controls.provider_tls import Patience, ProviderAddressError, ProviderTls, Unverified, Verified
from target_app.metrics import Metrics
from target_app.outbound.resolver import FileNames, SystemNames, add_name
from target_app.payments.provider_client import (
    AnswerLostError,
    Charge,
    HttpProvider,
    ProviderUnavailableError,
    RefusedError,
)
from tests.parts.loopback import free_port, random_address
from tests.parts.provider import Provider, provider


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Provider]:
    """A provider of the test's own."""
    with provider(tmp_path) as running:
        yield running


def client(url: str, api_key: str, metrics: Metrics | None = None, tls: ProviderTls | None = None) -> HttpProvider:
    """A client as the assembly makes it."""
    return HttpProvider(url, api_key, tls or Verified(SystemNames()), metrics or Metrics())


def using(there: Provider, metrics: Metrics | None = None) -> HttpProvider:
    """A client of this provider."""
    return client(there.url, there.secrets.api_key(), metrics)


class SelfSigned:
    """A TLS server with a certificate of its own making; `read` is what it was told."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        signed = built.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
        pem = folder / "self-signed.pem"
        pem.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.read = b""

    def serve(self) -> None:
        """Take connections until closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as wrapped:
                    self.read += wrapped.recv(4096)

    def close(self) -> None:
        """Stop."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def self_signed_server(folder: Path) -> Iterator[SelfSigned]:
    """One that lives as long as the block."""
    server = SelfSigned(folder)
    thread = Thread(target=server.serve)
    thread.start()
    yield server
    server.close()
    thread.join()


def exposed(metrics: Metrics, series: str) -> float:
    """The value of one series."""
    found = [line for line in metrics.exposition().decode().splitlines() if line.startswith(series + " ")]
    return float(found[0].rpartition(" ")[2])


def test_a_key_is_charged_once(there: Provider) -> None:
    """Ten charges under one key, at the same moment, are one charge with one id."""

    async def main() -> list[Charge]:
        payments = using(there)
        made = await asyncio.gather(*(payments.charge("order-1", 500) for _ in range(10)))
        assert await payments.look_up("order-1") == made[0]
        assert await payments.look_up("order-2") is None
        await payments.close()
        return made

    made = asyncio.run(main())
    assert len(set(made)) == 1
    assert made[0].status == "succeeded"
    assert there.control()["charges"] == 1


def test_a_refund_is_made_once_and_never_for_more(there: Provider) -> None:
    """One key, one refund; more than was charged is refused."""

    async def main() -> None:
        payments = using(there)
        charge = await payments.charge("order-1", 500)
        first = await payments.refund("refund-1", charge.id, 500)
        assert await payments.refund("refund-1", charge.id, 500) == first
        with pytest.raises(RefusedError):
            await payments.refund("refund-2", charge.id, 1)
        await payments.close()

    asyncio.run(main())
    assert there.control()["refunds"] == 1


def test_a_failing_provider_is_asked_again(there: Provider) -> None:
    """A third of the answers are failures; with the breaker closed nearly every charge gets through, and once."""
    there.control(failure_rate=0.3)

    async def main() -> int:
        payments, lost = using(there), 0
        for number in range(40):
            try:
                await payments.charge(f"order-{number}", 500)
            except (AnswerLostError, ProviderUnavailableError):
                lost += 1
        await payments.close()
        return lost

    lost = asyncio.run(main())
    counts = there.control()
    assert lost <= 12
    assert counts["failed_before"] + counts["failed_after"] > 0
    assert 40 - lost <= counts["charges"] <= 40


def test_a_lost_answer_can_be_looked_up(there: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the work is done and the answer never comes, the caller knows that it does not know, and can ask."""
    there.control(timeout_rate=1)
    monkeypatch.setattr(Verified, "patience", Patience(0.5, 0.5))

    async def main() -> None:
        payments = using(there)
        with pytest.raises(AnswerLostError):
            await payments.charge("order-1", 500)
        there.control()
        found = await payments.look_up("order-1")
        assert found is not None
        assert await payments.charge("order-1", 500) == found
        await payments.close()

    asyncio.run(main())
    assert there.control()["charges"] == 1


def test_a_provider_that_is_not_there_was_not_told(tmp_path: Path) -> None:
    """A refused connection surely charged nothing; the breaker opens, closes again, and says so."""
    host = random_address()
    metrics = Metrics()

    async def main() -> None:
        payments = client(f"http://{host}:{free_port(host)}", "none", metrics)
        for _ in range(3):
            with pytest.raises(ProviderUnavailableError):
                await payments.charge("order-1", 500)
        await payments.close()

    asyncio.run(main())
    assert exposed(metrics, "target_breaker_state") == 2
    assert exposed(metrics, 'target_breaker_changes_total{state="open"}') == 1


def test_charges_outlive_a_kill(there: Provider) -> None:
    """What was answered before kill -9 is known afterwards."""

    async def charge() -> Charge:
        payments = using(there)
        made = await payments.charge("order-1", 500)
        await payments.close()
        return made

    first = asyncio.run(charge())
    there.stop()
    there.start()
    assert asyncio.run(charge()) == first


@pytest.mark.parametrize("url", ["http://provider.example", "ftp://127.0.0.1", "http://10.0.0.1:80", "127.0.0.1:80"])
def test_money_goes_over_tls(url: str) -> None:
    """Another machine is asked over TLS alone."""
    with pytest.raises(ProviderAddressError):
        Verified(SystemNames()).accept(url)


def test_a_self_signed_provider_is_refused(tmp_path: Path) -> None:
    """A server that cannot prove its name is never told the API key."""
    with self_signed_server(tmp_path) as server:

        async def main() -> None:
            payments = client(f"https://127.0.0.1:{server.port}", "a-secret")
            with pytest.raises(ProviderUnavailableError):
                await payments.charge("order-1", 500)
            await payments.close()

        asyncio.run(main())
        assert server.read == b""


def test_a_self_signed_provider_is_told_the_key_unless_verified(tmp_path: Path) -> None:
    """The weak level tells whoever answers at the provider's address."""
    with self_signed_server(tmp_path) as server:

        async def main() -> None:
            payments = client(f"https://127.0.0.1:{server.port}", "a-secret", tls=Unverified(SystemNames()))
            with pytest.raises(AnswerLostError):
                await payments.charge("order-1", 500)
            await payments.close()

        asyncio.run(main())
        assert b"Bearer a-secret" in server.read


@pytest.mark.parametrize("tls", [Verified, Unverified])
def test_silence_is_waited_for_unless_verified(
    tls: type[Verified | Unverified], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that takes connections and says nothing: one level gives up in time, the other never. Both are led
    there by a lab's file of names.
    """
    monkeypatch.setattr(Verified, "patience", Patience(0.2, 0.2))
    with socket.create_server((random_address(), 0)) as listener:
        add_name(tmp_path / "names.json", "silent.test", "203.0.113.7", "{}:{}".format(*listener.getsockname()))

        async def main() -> None:
            payments = client("https://silent.test", "key", tls=tls(FileNames(tmp_path / "names.json")))
            with pytest.raises(AnswerLostError if tls is Verified else TimeoutError):
                async with asyncio.timeout(0.6):
                    await payments.charge("order-1", 500)
            await payments.close()

        asyncio.run(main())
