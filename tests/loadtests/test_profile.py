import math
from itertools import pairwise
from pathlib import Path

import pytest

from loadtests.arrivals import NS, schedule
from loadtests.profile import Unreadable, read_profile

# What a text describes: seconds, arrivals, and the rate in the middle of the first stage.
SHAPES = {
    "100/s for 30s": (30, 3000, 100),
    "soak 2/s for 1m": (60, 120, 2),
    "100/s to 500/s for 60s": (60, 18_000, 300),
    "500/s to 0/s for 2s": (2, 500, 250),
    "step 100/s to 500/s by 100/s for 50s": (50, 15_000, 100),
    "spike 100/s to 2000/s hold 5s for 60s": (60, 15_500, 100),
    "day 100/s to 500/s for 10s": (10, 3000, 500),
    "10/s for 500ms, 20/s for 1s": (1.5, 25, 10),
}


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize("spacing", ["paced", "poisson"])
def test_every_shape_has_its_arrivals(text: str, spacing: str) -> None:
    """The count is the area under the rate (of Poisson arrivals within 4 sigma), in order, in time, at the rate."""
    seconds, arrivals, middle = SHAPES[text]
    profile = read_profile(text)
    times = list(schedule(profile, spacing, seed=3))
    assert profile.seconds == pytest.approx(seconds)
    assert len(times) == pytest.approx(arrivals, abs=1 if spacing == "paced" else 4 * math.sqrt(arrivals))
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= seconds * NS
    begin, stage = 0.45 * profile.stages[0].seconds * NS, profile.stages[0].seconds * NS
    inside = sum(begin <= one < begin + stage / 10 for one in times)
    expected = middle * stage / 10 / NS
    assert inside == pytest.approx(expected, rel=0.05, abs=1 + (0 if spacing == "paced" else 4 * math.sqrt(expected)))


def test_a_ramp_is_paced_by_its_rate() -> None:
    """The gap between two arrivals is the inverse of the rate at that moment."""
    times = list(schedule(read_profile("100/s to 500/s for 60s"), "paced", seed=1))
    for earlier, later in list(pairwise(times))[::500]:
        rate = 100 + 400 * (earlier + later) / 2 / 60e9
        assert later - earlier == pytest.approx(1e9 / rate, rel=1e-3)


def test_a_replay_keeps_recorded_times(tmp_path: Path) -> None:
    """Arrivals of a CSV come when they came, at twice the speed, whatever the spacing."""
    (tmp_path / "times.csv").write_text("time,path\n10.0,/\n10.5,/\n12.0,/\n")
    profile = read_profile(f"100/s for 1s, replay {tmp_path}/times.csv at 2x")
    assert list(schedule(profile, "poisson", 1))[-3:] == [NS, int(1.25 * NS), 2 * NS]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "100",
        "100/s for ever",
        "0/s for 5s",
        "100/s, 5/s for 1s",
        "step 1/s to 9/s by 0/s for 1s",
        "replay nowhere.csv",
    ],
)
def test_what_is_no_profile_is_refused_in_one_sentence(text: str) -> None:
    """Nothing to send, no form, no file: one sentence."""
    with pytest.raises(Unreadable, match=r"^The arrivals .*\.$"):
        read_profile(text)
