"""The code of an arm: the target's own folder, or a git reference checked out beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.template import CACHE

LOCK = "requirements.lock"


def tree_of(target: Target, ref: str | None) -> Path:
    """The folder whose code an arm runs. A reference gets a worktree in `.tradeoff/trees/<commit>`.

    Raises:
        TradeoffError: no such reference, no git, or its lock differs from ours (it needs an environment of its own).
    """
    if ref is None:
        return target.root
    top = Path(_git(target.root, "rev-parse", "--show-toplevel"))
    commit = _git(target.root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    place = target.root / CACHE / "trees" / commit[:16]
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        _git(top, "worktree", "prune")
        _git(top, "worktree", "add", "--detach", "--force", str(place), commit)
    tree = place / target.root.relative_to(top)
    _check_lock(target.root / LOCK, tree / LOCK, ref)
    return tree


def _check_lock(ours: Path, theirs: Path, ref: str) -> None:
    if ours.is_file() and theirs.is_file() and ours.read_bytes() != theirs.read_bytes():
        raise TradeoffError(f"{ref} has another {LOCK}: install it and run tradeoff from there")


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise TradeoffError(f"git is needed for an arm with @reference, and can't be run: {error.strerror}") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or [f"git {words[0]} found nothing"]
        raise TradeoffError(f"the git reference can't be used: {said[0]} ({' '.join(words[-1:])})")
    return done.stdout.strip()
