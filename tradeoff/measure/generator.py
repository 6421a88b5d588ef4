"""The load process, driven line by line over pipes (docs/architecture.md, "The load process")."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tradeoff.target.commands import environment, fill
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import PipedProcess

ANSWER_TIMEOUT_S = 120.0
VIRTUAL_USER_SOURCE = "127.77.0.{n}"

Sessions = dict[str, dict[str, str]]


def arm_entry(name: str, url: str, ca_file: Path | None) -> dict[str, str | None]:
    """An arm as the load process knows it; `ca_file` is what one that serves HTTPS is trusted by."""
    return {"name": name, "url": url, "ca_file": str(ca_file) if ca_file else None}


class Generator:
    """One load process. Every command has one answer; a `failed` answer or its death is an error that says why."""

    def __init__(self, target: Target, *, arms: Sequence[Mapping[str, str | None]], core: int, seed: int) -> None:
        words = fill(target.load.command, {})
        self._process = PipedProcess(words, cwd=Path.cwd(), environment=environment({}), name="the load process")
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True, name="load-process-reader")
        self._reader.start()
        self.pid = self._process.pid
        try:
            ready = self._ask(_specification(target, arms, core, seed), "ready")
        except BaseException:
            self.stop()
            raise
        self.journeys: list[str] = list(ready["journeys"])

    def sign_in(self, sessions: Sessions) -> Sessions:
        """Give every virtual user a session in every arm; known ones are tried first."""
        answer = self._ask({"command": "sign_in", "sessions": sessions}, "signed_in")
        found: Sessions = answer["sessions"]
        return found

    def window(
        self, *, number: int, journey: str, rate: float, count: int, seed: int, visits: int, arms: Sequence[str]
    ) -> dict[str, Any]:
        """Run one window: `count` arrivals of a journey at `rate` a second; returns when the last answer is in.

        Windows with the same `visits` ask for the same things.
        """
        command = {"command": "window", "id": number, "journey": journey, "rate": rate, "count": count, "seed": seed}
        command |= {"visits": visits, "arms": list(arms)}
        answer = self._ask(command, "window")
        if answer["id"] != number:
            raise TradeoffError(f"the load process answered window {answer['id']} for window {number}")
        return answer

    def load(
        self, *, mix: Mapping[str, float], rate: float, limit: int, seed: int, seconds: float | None
    ) -> dict[str, Any] | None:
        """Send arrivals of the mix at `rate` a second, those that find `limit` visits under way excepted.

        With `seconds`, what came of it once all is answered. Without, it is only begun: `end_load` tells.
        """
        command = {"command": "load", "id": 0, "mix": dict(mix), "rate": rate, "limit": limit, "seed": seed}
        if seconds is None:
            self._say(command)
            return None
        return self._ask({**command, "seconds": seconds}, "load")

    def end_load(self) -> dict[str, Any]:
        """End a load that was begun, and the process with it; what came of the load."""
        held = self._ask({"command": "stop"}, "load")
        self._hear("stopped")
        return held

    def check_alive(self) -> None:
        """Raise TradeoffError where it has ended, as in the middle of a load that was begun."""
        if self._process.ended() is not None:
            raise TradeoffError(self._epitaph())

    def stop(self) -> None:
        """End it."""
        self._process.stop(grace_s=2.0)
        self._reader.join(2.0)

    def _ask(self, message: Mapping[str, object], expected: str) -> dict[str, Any]:
        self._say(message)
        return self._hear(expected)

    def _say(self, message: Mapping[str, object]) -> None:
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            pass  # it has ended: the reader finds the end of its output, and hearing says so

    def _hear(self, expected: str) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=ANSWER_TIMEOUT_S)
        except queue.Empty:
            raise TradeoffError(f"the load process gave no answer within {ANSWER_TIMEOUT_S:.0f} s") from None
        if not line:
            raise TradeoffError(self._epitaph())
        answer: dict[str, Any] = json.loads(line)
        if answer.get("event") == "failed":
            raise TradeoffError(f"the load process can't go on: {answer['message']}")
        if answer.get("event") != expected:
            raise TradeoffError(f"the load process answered {answer.get('event')!r} where {expected!r} was due")
        return answer

    def _epitaph(self) -> str:
        code = self._process.wait(2.0)
        if code is not None and code < 0:
            return f"the load process was killed by signal {-code}"
        words = self._process.last_words()
        return f"the load process ended with exit code {code}" + (f"; its last words: {words}" if words else "")

    def _read(self) -> None:
        try:
            for line in self._process.stdout:
                self._lines.put(line)
        except ValueError:
            pass  # the pipe was closed by stop()
        self._lines.put("")


def _specification(target: Target, arms: Sequence[Mapping[str, str | None]], core: int, seed: int) -> dict[str, object]:
    accounts, login, leave = target.accounts, target.login, target.authorized
    return {
        "schema": 1,
        "core": core,
        "seed": seed,
        "timeout_s": 10,
        "arms": [*arms],
        "accounts": {
            "count": accounts.load,
            "username": accounts.username,
            "email": accounts.email,
            "password": accounts.password,
            "source": VIRTUAL_USER_SOURCE,
            "roles": {role: account.model_dump() for role, account in accounts.roles.items()},
        },
        "login": {
            "method": login.method,
            "path": login.path,
            "json": login.body,
            "token_at": login.token_at,
            "header": login.header,
            "scheme": login.scheme,
        },
        "authorized": {"hosts": leave.hosts, "until": leave.until.isoformat() if leave.until else None},
    }
