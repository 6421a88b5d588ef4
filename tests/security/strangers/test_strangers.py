"""What all strangers promise: a truth that can be read, and no danger to anybody."""

import importlib
import re
import signal
import subprocess
import time
import tomllib
from itertools import product
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.parts.loopback import free_port, random_address
from tests.parts.repository import ROOT
from tests.parts.strange_backend import APPLICATIONS, STRANGERS, strange_backend
from tests.security.strangers.document import Document, read_document
from tests.security.strangers.truth import read_truth

pytestmark = pytest.mark.xdist_group("strangers")

OWASP: Final = {f"API{n}" for n in range(1, 11)}


def document_of(application: str) -> Document:
    return read_document(STRANGERS / application / APPLICATIONS[application].document)


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_truth_is_complete(application: str) -> None:
    """A proof for every flaw and a flaw for every proof; all of API1-API10; operations are where they should be."""
    flaws = read_truth(application)
    proofs = importlib.import_module(f"tests.security.strangers.test_{application}").PROOFS
    assert [flaw.id for flaw in flaws] == list(dict.fromkeys(flaw.id for flaw in flaws))
    assert {flaw.id for flaw in flaws} == proofs.keys()
    assert {name for flaw in flaws for name in flaw.owasp} == OWASP
    known = document_of(application).operations.keys()
    for flaw in flaws:
        assert all((flaw.cwe, flaw.operations, flaw.what.endswith("."), flaw.proof.endswith("."))), flaw.id
        named = set(flaw.operations) - {"*"}
        assert named <= known if flaw.documented else not named & known, flaw.id


@pytest.mark.parametrize(
    ("application", "suffix", "decision"),
    [
        ("clinic", "py", r"^def ([a-z]\w+)"),
        ("allotment", "py", r"^def ([a-z]\w+)"),
        ("courier", "mjs", r"^export (?:async )?(?:const|function) (\w+)"),
    ],
)
def test_both_forms_decide_the_same_things_in_the_same_order(application: str, suffix: str, decision: str) -> None:
    """A reader can hold `flawed` and `mended` side by side."""
    flawed, mended = (
        re.findall(decision, (STRANGERS / application / f"{form}.{suffix}").read_text(encoding="utf-8"), re.MULTILINE)
        for form in ("flawed", "mended")
    )
    assert flawed == mended


@pytest.mark.parametrize(("application", "repaired"), list(product(APPLICATIONS, [False, True])))
def test_a_stranger_starts_at_once_and_knows_one_host(application: str, repaired: bool, tmp_path: Path) -> None:
    """It serves its document where it says, answers to its own address alone, and starts empty."""
    started = time.monotonic()
    with strange_backend(application, tmp_path, repaired=repaired) as backend:
        assert time.monotonic() - started < 10  # two seconds on an idle machine
        with httpx.Client(base_url=backend.url) as client:
            if backend.document_url is not None:
                assert client.get(backend.document_url).json() == document_of(application).content
            assert client.get("/", headers={"Host": "evil.test"}).status_code == 421
            assert client.get("/no/such/address").status_code == 404


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_stranger_binds_loopback_alone(application: str) -> None:
    """Any other address, or a name, ends it with 2 before it listens."""
    command = APPLICATIONS[application].command()
    for host in ("0.0.0.0", "localhost"):
        done = subprocess.run([*command, "--host", host, "--port", "1"], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 2, host


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_stranger_ends_at_sigterm(application: str) -> None:
    """With 0, and with nothing left behind."""
    host = random_address()
    command = [*APPLICATIONS[application].command(), "--host", host, "--port", str(free_port(host))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready http")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_no_stranger_is_shipped_or_scanned() -> None:
    """The wheel and the scan paths hold none of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    target = tomllib.loads((ROOT / "target.toml").read_text(encoding="utf-8"))
    assert "tests" not in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert "tests" not in target["scan"]["paths"]
