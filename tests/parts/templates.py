"""Seeded databases: filled once for a whole test run, copied for every use."""

import fcntl
import secrets
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.parts.target import key_file, migrate, run_target, target_environment


@dataclass(frozen=True)
class SqliteTemplates:
    """Template files by password level and size. `folder` may be shared by several test processes."""

    folder: Path

    def copy(self, target: Path, *, password_hash: str = "argon2id_19mib", articles: int = 1000) -> str:
        """The URL of a fresh copy, in the folder `target`, of a seeded database."""
        path = target / f"seeded-{secrets.token_hex(4)}.db"
        shutil.copyfile(self._template(password_hash, articles), path)
        return f"sqlite:///{path}"

    def _template(self, password_hash: str, articles: int) -> Path:
        path = self.folder / f"template-{password_hash}-{articles}.db"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                self._fill(path, password_hash, articles)
        return path

    def _fill(self, path: Path, password_hash: str, articles: int) -> None:
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        treatment = f"hardened,password_hash={password_hash}"
        url = f"sqlite:///{unfinished}"
        migrate(url, self.folder, treatment)
        environment = target_environment(treatment, url, key_file(self.folder))
        run_target("seed", "--articles", str(articles), environment=environment)
        with closing(sqlite3.connect(unfinished)) as connection:
            # A copy of the file alone must hold every row.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        unfinished.rename(path)
