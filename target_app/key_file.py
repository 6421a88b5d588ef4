"""A file of secrets: one JSON object, readable by its owner alone, and never logged.

Each secret is drawn when it is first asked for. Several processes share the file, so drawing one takes a lock, and the
file is replaced in one step.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from target_app.operator_error import OperatorError


class KeyFileError(OperatorError):
    """The key file cannot be used."""


class KeyFile:
    """The secrets in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entry(self, name: str, draw: Callable[[], str]) -> str:
        """The secret of that name, drawn if it is not there yet. Raises KeyFileError."""
        entries = self._read()
        if name not in entries:
            with self._locked():
                entries = self._read()
                if name not in entries:
                    entries[name] = draw()
                    self._write(entries)
        return entries[name]

    def _read(self) -> dict[str, str]:
        try:
            entries = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise KeyFileError(f"the key file {self.path} cannot be read: {error}") from None
        return cast("dict[str, str]", entries)

    def _write(self, entries: dict[str, str]) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            json.dump(entries, file)
        Path(temporary).replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(self.path.name + ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise KeyFileError(f"the key file {self.path} cannot be written: {error}") from None
