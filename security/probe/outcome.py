"""What a probe answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from security.redact import redact_text

EVIDENCE_CHARACTERS = 800


class Result(StrEnum):
    """How an attack ended. Only `STOPPED` says that a control held."""

    STOPPED = "stopped"
    SUCCEEDED = "succeeded"
    NOT_APPLICABLE = "not_applicable"
    COULD_NOT_RUN = "could_not_run"


@dataclass(frozen=True)
class Verdict:
    """What one probe found: its result and one or two sentences that prove it."""

    result: Result
    evidence: str


def stopped(evidence: str) -> Verdict:
    """The attack was carried out in full and had no effect."""
    return Verdict(Result.STOPPED, evidence)


def succeeded(evidence: str) -> Verdict:
    """The attack had its effect, and the effect was observed."""
    return Verdict(Result.SUCCEEDED, evidence)


def not_applicable(evidence: str) -> Verdict:
    """The target has nothing that this attack could be aimed at."""
    return Verdict(Result.NOT_APPLICABLE, evidence)


class CouldNotRunError(Exception):
    """The attack could not be carried out, or its effect not observed; the message says why. Never a pass."""


@dataclass(frozen=True)
class Outcome:
    """One probe's answer: `requests` counts HTTP requests sent, `seconds` is wall time. Evidence is redacted."""

    probe: str
    control: str
    api: str | None
    result: Result
    evidence: str
    requests: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The outcome as a JSON object."""
        return {
            "probe": self.probe,
            "control": self.control,
            "api": self.api,
            "result": self.result.value,
            "evidence": self.evidence,
            "requests": self.requests,
            "seconds": round(self.seconds, 4),
        }


def presentable(evidence: str) -> str:
    """Evidence as it may leave: on one line, redacted, at most `EVIDENCE_CHARACTERS` long."""
    text = redact_text(" ".join(evidence.split()))
    return text if len(text) <= EVIDENCE_CHARACTERS else text[: EVIDENCE_CHARACTERS - 1] + "…"
