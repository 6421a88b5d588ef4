"""An audit log that lacks an act, tells what never happened, or can be changed unseen (CWE-778, CWE-117).

The log is read as staff reads it, by an admin of the target.
"""

from __future__ import annotations

from typing import Any

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

LOG = "/admin/audit"
VERIFICATION = f"{LOG}/verification"
ACT, FORGED_ACT = "credentials.changed", "role.changed"
FAULT = "edited_audit"
#: Some moment, in ms since 1970: a line of a text log begins with one.
MOMENT = 1_700_000_000_000

Entry = dict[str, Any]


def act_unrecorded(scene: Scene) -> Verdict:
    """A user changes the own address, and an admin looks for it in the log."""
    admin, user = _admin(scene), scene.register()
    _change(scene, user)
    found = _telling(_entries(scene, admin), user.username)
    seen = f"{user.username} changed the own e-mail address"
    if not found:
        return succeeded(f"{seen}; none of the newest entries of the audit log tells of it.")
    return stopped(f"{seen}; the audit log tells of it: entry {found[0].get('number')}, by {found[0].get('actor')}.")


def audit_line_forged(scene: Scene) -> Verdict:
    """The name of a user holds a line break, and behind it a line that tells of somebody else's act."""
    admin, marker = _admin(scene), new_marker()
    user = scene.register(username=f"{marker}\n{MOMENT} operator {FORGED_ACT} user:1 to={marker}-admin")
    _change(scene, user)
    entries = _telling(_entries(scene, admin), marker)
    if not entries:
        return not_applicable("The audit log does not tell of the user whose name holds a line break.")
    forged = [entry for entry in entries if entry.get("action") == FORGED_ACT]
    if forged:
        return succeeded(
            f"A user whose name holds a line break changed the own e-mail address; by entry {forged[0].get('number')} "
            f"of the audit log {forged[0].get('actor')} did {FORGED_ACT}, which nobody did."
        )
    return stopped(
        f"A user whose name holds a line break changed the own e-mail address: {len(entries)} entry, no other."
    )


def audit_edited(scene: Scene) -> Verdict:
    """A record is changed where it is stored; the target's own verification of the log is asked before and after."""
    admin, user = _admin(scene), scene.register()
    _change(scene, user)
    before = _entries(scene, admin)
    if not _telling(before, user.username):
        return not_applicable("The audit log does not tell of an act that was just done: there is no record to edit.")
    require(_holds(scene, admin), "The target's verification finds the audit log broken before anything was changed.")
    with scene.lab.fault(FAULT):
        after, holds = _entries(scene, admin), _holds(scene, admin)
    require(after != before, "The edit does not show in the audit log.")
    require(_holds(scene, admin), "After the repair the target's verification still finds the audit log broken.")
    seen = (
        f"The newest record of the audit log was changed where it is stored: GET {scene.path(VERIFICATION)} says that"
    )
    if holds:
        return succeeded(f"{seen} the log holds.")
    return stopped(f"{seen} the log is broken, and after the repair that it holds.")


def _admin(scene: Scene) -> Client:
    account = scene.target.admin
    if account is None:
        raise CouldNotRunError("The target names no admin, who alone may read the audit log.")
    return scene.people.sign_in(account).client


def _change(scene: Scene, user: Identity) -> None:
    """An act that the log should tell of."""
    body = {"user": {"email": f"{new_marker()}@example.test"}}
    answer = user.client.request("PUT", scene.path("/user"), json=body)
    require(answer.status_code == 200, f"A user could not change the own e-mail address: {answer.status_code}.")


def _entries(scene: Scene, admin: Client) -> list[Entry]:
    """The newest entries."""
    answer = admin.get(scene.path(LOG), params={"limit": 20})
    entries = field_of(answer, "entries")
    if answer.status_code != 200 or not isinstance(entries, list):
        raise CouldNotRunError(f"The admin is shown no audit log: {answer.status_code} {answer.text[:120]}")
    return [entry for entry in entries if isinstance(entry, dict)]


def _telling(entries: list[Entry], name: str) -> list[Entry]:
    """The entries in which that name stands."""
    return [entry for entry in entries if name in str(entry.get("details"))]


def _holds(scene: Scene, admin: Client) -> bool:
    """What the target's own verification says."""
    holds = field_of(admin.get(scene.path(VERIFICATION)), "verification", "holds")
    if not isinstance(holds, bool):
        raise CouldNotRunError("The target's verification of the audit log says neither that it holds nor that not.")
    return holds
