"""`tradeoff capacity` and `tradeoff scale`, as a user runs them, on the toy backend."""

import json
from pathlib import Path

import pytest

from tests.tradeoff.cli.command import TOY, tradeoff
from tradeoff.record.events import CapacitySlice, ScaleSlice
from tradeoff.record.folder import read_events, run_folders


def test_a_capacity_is_found(tmp_path: Path) -> None:
    """Exit 0; JSON with the documented keys; the rate lies among those that were offered."""
    words = ("--seconds", "30", "--slo", "p99=250ms,errors=1%", "--out", tmp_path, "--json")
    done = tradeoff("capacity", "hardened", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    read = json.loads(done.stdout)
    assert read["void"] is None
    assert 0 < read["low"] < read["rate"] < read["high"]
    assert read["error_rate"] <= 0.01
    assert read["p99_ms"] > 0
    assert (len(read["rounds"]), read["repeatability"]) == (1, None)  # a longer search has more rounds
    (folder,) = run_folders(tmp_path)
    slices = [event.slice for event in read_events(folder) if isinstance(event, CapacitySlice)]
    assert min(one.offered for one in slices) <= read["rate"] <= max(one.offered / one.left for one in slices) * 1.2


def test_scaling_is_measured_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    """Each number of users in each round, a law over users, and none over workers."""
    words = ("--users", "1,2,3,4,6,8", "--workers", "1", "--rounds", "2", "--no-attacks")
    done = tradeoff("scale", "hardened", *words, "--target", TOY, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    (scaling,) = json.loads(done.stdout)["scalings"]
    assert [point["users"] for point in scaling["points"]] == [1, 2, 3, 4, 6, 8]
    assert scaling["users_fit"]["void"] is None
    assert scaling["users_fit"]["one"]["low"] <= scaling["points"][0]["requests_per_s"]["value"] * 2
    assert "not measurable here" in scaling["workers_fit"]["void"]
    (folder,) = run_folders(tmp_path)
    assert sum(isinstance(event, ScaleSlice) for event in read_events(folder)) == 12


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("capacity", "hardened", "--slo", "fast"), "the objective 'fast'"),
        (("scale", "hardened", "--workers", "0"), "--workers '0': name whole numbers"),
        (("scale", "hardened", "--data", "many"), "--data 'many': name whole numbers"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Exit 2 before anything is started."""
    done = tradeoff(*words, "--target", TOY, "--out", tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not run_folders(tmp_path)
