"""The database that benchmarks read: the rows that every arm of a run starts from."""

from pathlib import Path
from typing import Final

from target_app.migrations.run import migrate
from target_app.seeding import Size, seed

#: As `target.toml` has it. No benchmark logs in as a seeded user: their passwords may be hashed the fast way.
SIZE: Final = Size(articles=1000, users=200, logins=60)
PASSWORD_LEVEL: Final = "sha256"


def seeded_database(folder: Path) -> str:
    """The URL of a new, seeded SQLite database in `folder`."""
    url = f"sqlite:///{folder / 'benchmarks.db'}"
    migrate(url)
    seed(url, PASSWORD_LEVEL, SIZE)
    return url
