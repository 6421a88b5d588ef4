"""Secrets in any text file: the marks that issuers put on theirs, and random text that is called a secret.

Why not detect-secrets: docs/decisions/0007-scanners.md.
"""

from __future__ import annotations

import importlib.metadata
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from security.scan.findings import Finding, Scanned, Skipped

NAME = "tradeoff-secrets"
#: Files that are looked into, by suffix or whole name.
SUFFIXES = frozenset(
    {".py", ".toml", ".yml", ".yaml", ".json", ".ini", ".cfg", ".conf", ".env", ".sh", ".pem", ".key", ".txt",
     ".properties", ".sql", ".html", ".js", ".ts", ".xml", ".tf", ".service"}
)  # fmt: skip
NAMES = frozenset({"Dockerfile", "Makefile", ".env", ".netrc", ".pgpass", ".npmrc", ".pypirc", "id_rsa", "id_ed25519"})
LARGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Mark:
    """How an issuer's secrets look."""

    rule: str
    title: str
    pattern: re.Pattern[str]


MARKS = (
    Mark("K401", "An AWS access key", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b")),
    Mark(
        "K402",
        "A private key",
        re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s*\S{20}|\\n[A-Za-z0-9+/=]{20})"),
    ),
    Mark("K403", "A GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b")),
    Mark("K404", "A GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b")),
    Mark(
        "K405",
        "A Slack token",
        re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}\b|hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}"),
    ),
    Mark("K406", "A Stripe key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}\b")),
    Mark("K407", "A Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    Mark("K408", "A signed token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}")),
    Mark(
        "K409",
        "A SendGrid, Twilio, npm or package-index token",
        re.compile(r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[\w-]{50,}|\bSK[0-9a-f]{32}\b"),
    ),
    Mark(
        "K410",
        "A password in a URL",
        re.compile(r"\b[a-z][a-z0-9+.-]{2,}://[^\s:/@'\"{}$<>]+:(?P<secret>[^\s:/@'\"{}$<>*]{6,})@[^\s'\"]+"),
    ),
)
#: `name = "value"`, `name: value`, `"name": "value"`, `name="value"` with a name that says secret.
NAMED = re.compile(
    r"(?i)(?P<name>[\w.-]*(?:secret|passwd|password|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key|client[_-]?secret|"
    r"encryption[_-]?key|signing[_-]?key|credential|token)[\w-]*)['\"]?\s*(?:=|:|=>)\s*(?:[A-Za-z]+\()?['\"]?(?P<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{16,})['\"]?"
)
RANDOM = Mark("K411", "Random text under the name of a secret", NAMED)
#: Text that stands in a secret's place: words, paths, calls, places to fill in.
HARMLESS = re.compile(
    r"(?i)example|placeholder|change.?me|your[_-]|dummy|sample|xxxx|\.\.\.|^[a-z_]+(\.[a-z_]+)+$|^[a-z]+([_-][a-z]+)+$|^\$|^https?:|^/|\(|^[A-Z_]+$"
)
#: Bits a character (Shannon) from which text of digits and letters is taken for drawn at random.
LEAST_ENTROPY = {"hex": 3.0, "other": 3.8}


def secret_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Files below `paths` that are looked into; environments and caches live in hidden folders and are left out."""
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            hidden = any(part.startswith(".") and part not in NAMES for part in file.relative_to(path).parts)
            wanted = file.suffix in SUFFIXES or file.name in NAMES
            if not hidden and wanted and file.is_file() and "__pycache__" not in file.parts:
                yield file


def run_secrets(files: Sequence[str], root: Path) -> Scanned:
    """Look for secrets in `files` (relative to `root`). What is larger than a megabyte or no text is skipped."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for name in files:
        try:
            if (root / name).stat().st_size > LARGEST_BYTES:
                skipped.append(Skipped(name, "larger than 1 MB"))
                continue
            findings += _findings((root / name).read_text(encoding="utf-8"), name)
        except UnicodeDecodeError as error:
            skipped.append(Skipped(name, f"UnicodeDecodeError: {error.reason}"))
    version = importlib.metadata.version("tradeoff")
    return Scanned(NAME, version, len(files) - len(skipped), tuple(skipped), tuple(findings))


def _findings(text: str, path: str) -> Iterator[Finding]:
    for mark in MARKS:
        for found in mark.pattern.finditer(text):
            secret = found.groupdict().get("secret") or found.group()
            if not HARMLESS.search(secret) and not (mark.rule == "K410" and _is_local(found.group(), secret)):
                yield _finding(mark, path, text.count("\n", 0, found.start()) + 1)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) < 1000 and any(_is_random(found["secret"]) for found in NAMED.finditer(line)):
            yield _finding(RANDOM, path, number)


def _is_local(url: str, secret: str) -> bool:
    """A password for a database on this very machine, that is the user's name or a plain word."""
    host = url.rpartition("@")[2]
    return host.startswith(("localhost", "127.", "[::1]")) or entropy(secret) < 2.5


def _is_random(value: str) -> bool:
    if HARMLESS.search(value) or len(set(value)) < 8:
        return False
    kind = "hex" if re.fullmatch(r"[0-9a-fA-F]+", value) else "other"
    mixed = kind == "hex" or (re.search(r"[0-9]", value) and re.search(r"[a-zA-Z]", value))
    return bool(mixed) and entropy(value) >= LEAST_ENTROPY[kind]


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _finding(mark: Mark, path: str, line: int) -> Finding:
    """The secret itself is not in the message."""
    return Finding(
        scanner=NAME,
        rule=mark.rule,
        path=path,
        line=line,
        message=f"{mark.title} stands in a file. Take it out of the code and its history, and draw a new one.",
        severity="high",
        cwe="798",
        confidence="high" if mark is not RANDOM else "medium",
        weakness="hardcoded_secret",
    )
