from pathlib import Path

import pytest

from loadtests.replay import read_times

COMMON = '1.2.3.4 - - [10/Oct/2000:13:55:{s:02d} -0700] "GET / HTTP/1.0" 200 2326\n'

FILES = {
    "a column": ("5\n1\n2.5\n", [0.0, 1.5, 4.0]),
    "a named column": ("path,Timestamp\n/,2026-01-01T00:00:00+00:00\n/,2026-01-01T00:00:01.250+00:00\n", [0.0, 1.25]),
    "Common Log Format": ("".join(COMMON.format(s=s) for s in (36, 36, 36, 36, 38)), [0.0, 0.25, 0.5, 0.75, 2.0]),
    "nginx $msec": ("1700000000.125 GET /\n1700000000.375 GET /a\n", [0.0, 0.25]),
}


@pytest.mark.parametrize("form", FILES)
def test_times_are_read(tmp_path: Path, form: str) -> None:
    """Seconds from the first one, in order; those that share a whole second are spread over it."""
    text, times = FILES[form]
    (tmp_path / "file").write_text(text)
    assert read_times(tmp_path / "file") == pytest.approx(times)


@pytest.mark.parametrize("text", ["", "time\nyesterday\n", COMMON.format(s=1) + "no time\n"])
def test_what_has_no_time_is_refused(tmp_path: Path, text: str) -> None:
    """An empty file, or a line without a time, is named."""
    (tmp_path / "file").write_text(text)
    with pytest.raises(ValueError, match=r"empty|line 2"):
        read_times(tmp_path / "file")
