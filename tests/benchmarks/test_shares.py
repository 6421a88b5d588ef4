import os
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.compare import OPERATIONS
from benchmarks.estate import SERVE, Databases, estate
from benchmarks.profiled import part_of
from benchmarks.shares import Watched, share, shown, watched


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/x/target_app/controls/token_signature.py", "control token_signature"),
        ("/x/site-packages/sqlalchemy/engine/base.py", "ORM (SQLAlchemy)"),
        ("/x/site-packages/jwt/api_jws.py", None),
        ("/x/target_app/articles/rows.py", "encoding"),
        ("/x/target_app/postgres_pool.py", "database driver"),
        ("/x/target_app/articles/service.py", "services"),
    ],
)
def test_files_belong_to_parts(path: str, part: str | None) -> None:
    """A control's file is that control, a library that anyone may call is its caller's."""
    assert part_of(path) == part


def test_a_share_has_its_interval() -> None:
    """Shares are per cent, with Wilson's interval."""
    assert share(50, 100) == "50.0 [40.4, 59.6]"


def test_a_server_says_where_its_time_goes(tmp_path: Path) -> None:
    """On the real server a signed-in list spends time on the token, the database and the server, a bare one none on
    tokens.
    """
    cores = sorted(os.sched_getaffinity(0))
    file = tmp_path / "samples.json"
    serve = (SERVE[0], "-m", "benchmarks.profiled", str(file))
    with estate(Databases(tmp_path, None), tmp_path, cores[-1], cores[0], serve) as there:
        found = {
            name: watched(there, OPERATIONS[name], range(10**6), file, 0.6)
            for name in ("articles", "articles, signed in")
        }
    bare, signed = (one.counts for one in found.values())
    assert signed["control token_signature"] > 0
    assert bare["control token_signature"] == 0
    assert min(bare["database driver"], bare["server"], signed["database driver"]) > 0
    assert all(one.process_us > 50 and one.backends_us == 0 for one in found.values())
    assert shown("SQLite", found).row_count > 5


def test_what_is_promised_is_always_shown() -> None:
    """The ORM, validation and encoding have a row each, also where no sample fell on them."""
    table = shown("SQLite", {"tags": Watched(Counter({"server": 995, "metrics": 5}), 100.0, 0.0)})
    assert list(table.columns[0].cells)[:5] == ["server", "metrics", "ORM (SQLAlchemy)", "validation", "encoding"]
