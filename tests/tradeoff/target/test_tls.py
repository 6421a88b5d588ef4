"""An arm over TLS is ready when it answers with its own certificate, and keeps that from one epoch to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tradeoff.target.test_services import described
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm
from tradeoff.target.served import answers

#: Answers every GET over TLS, with the certificate in its environment, which it makes where there is none.
SERVES = """
import os, ssl, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from target_app.controls.transport import TRANSPORTS
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
files = TRANSPORTS["tls13"].options(Path(os.environ["TARGET_CERTIFICATE"]), sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(files["ssl_certfile"], files["ssl_keyfile"])
server = HTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@contextmanager
def encrypted(work: Path, place: tuple[str, int] | None = None) -> Iterator[RunningArm]:
    """An arm that is spoken to over TLS, once it is ready."""
    start = ["{python}", "-c", SERVES, "{host}", "{port}"]
    environment = {"TARGET_CERTIFICATE": "{certificate}"}
    ready = {"path": "/", "timeout_s": 5}
    told = {"start": start, "environment": environment, "ready": ready, "services": {}}
    target = type(described()).model_validate({**described().model_dump(by_alias=True), **told})
    arm = RunningArm(
        target, name="it", setting="plain", work=work, tree=Path.cwd(), articles=1, place=place, scheme="https"
    )
    try:
        arm.wait_ready()
        yield arm
    finally:
        arm.stop()


def test_an_arm_over_tls_is_asked_over_tls(tmp_path: Path) -> None:
    """Its URL says so, its certificate stands beside its folder, and plain HTTP is no answer."""
    with encrypted(tmp_path / "arm") as arm:
        assert arm.url.startswith("https://127.")
        assert arm.ca_file == tmp_path / "arm.crt"
        assert answers(arm.host, arm.port, "/", arm.ca_file)
        assert not answers(arm.host, arm.port, "/")


def test_the_next_epoch_shows_the_same_certificate(tmp_path: Path) -> None:
    """Who trusted the arm before trusts it again at the same place; elsewhere the certificate is not its own."""
    with encrypted(tmp_path / "arm") as arm:
        made = (tmp_path / "arm.crt").read_bytes()
        place = arm.host, arm.port
    with encrypted(tmp_path / "arm", place):
        assert (tmp_path / "arm.crt").read_bytes() == made
    with pytest.raises(TradeoffError, match="did not answer"), encrypted(tmp_path / "arm"):
        pass
