"""One SARIF 2.1.0 document out of static findings and successful attacks.

Every result carries its control and the ids of that control (OWASP API Top 10, ASVS, CWE). What was declared beforehand
is suppressed with its justification, not left out: a reader sees it, and a gate passes it over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from security.probe.catalog import CATALOG
from security.redact import redact_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"high": "error", "medium": "warning", "low": "note"}
FINGERPRINT = "tradeoff/v1"
PROBES = "tradeoff-probes"
SCANS = "tradeoff-scan"

Ids = Mapping[str, Mapping[str, Sequence[str]]]


def build_sarif(
    scan: Mapping[str, Any] | None = None, attacks: Iterable[Mapping[str, Any]] = (), ids: Ids | None = None
) -> dict[str, Any]:
    """Build the document: one run for all scanners, whose findings are joined, and one for the probes.

    `scan` is a `ScanResult.as_json()`. `attacks` are probe outcomes as JSON, of which the successful ones become
    results; beside the outcome's own keys may stand `arm` (what was attacked) and `declared` (true where a weak level
    trips this probe). `ids` gives each control's `owasp`, `asvs` and `cwe`.
    """
    known = ids or {}
    runs = [_scan_run(scan, known)] if scan else []
    attacks = list(attacks)
    if attacks:
        runs.append(_probe_run(attacks, known))
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _scan_run(scan: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    findings = scan["findings"]
    rules = {finding["rule"]: _rule(finding["rule"], finding["message"], finding["url"]) for finding in findings}
    notes = [
        _note("error", f"{one['name']} skipped {skipped}") for one in scan["scanners"] for skipped in one["skipped"]
    ]
    notes += [_note("warning", unknown) for one in scan["scanners"] for unknown in one.get("unknown", ())]
    scanners = [{"name": one["name"], "version": one["version"]} for one in scan["scanners"]]
    return {
        "tool": _tool(SCANS, None, rules.values()) | {"extensions": scanners},
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [_finding_result(finding, list(rules), ids) for finding in findings],
    }


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": redact_text(text)}}


def _finding_result(finding: Mapping[str, Any], rules: Sequence[str], ids: Ids) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": finding["path"]}, "region": {"startLine": finding["line"]}}
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.get("symbol"):
        location["logicalLocations"] = [{"fullyQualifiedName": finding["symbol"]}]
    known = {
        "owasp": finding.get("owasp", ()),
        "asvs": finding.get("asvs", ()),
        "cwe": [finding["cwe"]] if finding["cwe"] else [],
    }
    more = {name: finding.get(name) for name in ("status", "weakness", "confidence")}
    return {
        "ruleId": finding["rule"],
        "ruleIndex": rules.index(finding["rule"]),
        "level": LEVELS[finding["severity"]],
        "message": {"text": redact_text(finding["message"])},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: finding["fingerprint"]},
        "suppressions": _suppressions(finding["reason"]),
        "properties": _properties(finding["control"], ids, known)
        | more
        | {"seen_by": list(finding.get("seen_by", ()))},
    }


def _probe_run(attacks: Sequence[Mapping[str, Any]], ids: Ids) -> dict[str, Any]:
    rules = [_rule(probe.name, probe.title, None) for probe in CATALOG]
    names = [probe.name for probe in CATALOG]
    failed = [one for one in attacks if one["result"] == "could_not_run"]
    notes = [{"level": "warning", "message": {"text": _text(one, "could not run: ")}} for one in failed]
    return {
        "tool": _tool(PROBES, None, rules),
        # A probe that could not run leaves the question open: the reader is told, and the run itself was whole.
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [_attack_result(one, names, ids) for one in attacks if one["result"] == "succeeded"],
    }


def _attack_result(attack: Mapping[str, Any], names: Sequence[str], ids: Ids) -> dict[str, Any]:
    probe, arm = attack["probe"], attack.get("arm", "")
    digest = hashlib.sha256(f"{PROBES}\n{probe}\n{arm}".encode()).hexdigest()
    declared = f"A weak level of {arm or 'the target'} declares that this attack succeeds."
    api = [attack["api"]] if attack.get("api") else []
    return {
        "ruleId": probe,
        "ruleIndex": names.index(probe),
        "level": "error",
        "message": {"text": _text(attack)},
        "locations": [{"logicalLocations": [{"name": arm or "target", "kind": "resource"}]}],
        "partialFingerprints": {FINGERPRINT: digest[:24]},
        "suppressions": _suppressions(declared if attack.get("declared") else None),
        "properties": _properties(attack["control"], ids, {"owasp": api}) | {"arm": arm},
    }


def _text(attack: Mapping[str, Any], prefix: str = "") -> str:
    return redact_text(f"{prefix}{attack['probe']}: {attack['evidence']}")


def _tool(name: str, version: str | None, rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": name, "rules": list(rules)}
    if version:
        driver["version"] = version
    return {"driver": driver}


def _rule(identifier: str, title: str, url: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": identifier, "shortDescription": {"text": redact_text(title)}}
    if url:
        rule["helpUri"] = url
    return rule


def _suppressions(justification: str | None) -> list[dict[str, str]]:
    """An empty list says that nothing is suppressed; to leave it out would say that nobody knows."""
    if not justification:
        return []
    return [{"kind": "external", "status": "accepted", "justification": justification}]


def _properties(control: str | None, ids: Ids, own: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The ids of the control beside those that the result has of its own."""
    known = ids.get(control or "", {})
    return {
        "control": control,
        **{name: sorted({*known.get(name, ()), *own.get(name, ())}) for name in ("owasp", "asvs", "cwe")},
    }
