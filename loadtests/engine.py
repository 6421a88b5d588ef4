"""What the load engine adds to Locust's command line, for any locustfile."""

from __future__ import annotations

import math
import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.arrivals import KINDS
from loadtests.profile import Profile, read_profile, seconds
from loadtests.thresholds import Threshold, read_thresholds

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser  # at run time it would patch the standard library

Option = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Engine:
    """The options of a run, read. Without a `profile`, Locust's closed-loop users come."""

    profile: Profile | None
    spacing: str
    seed: int
    users: int
    limit: int
    warm_up_s: float
    thresholds: tuple[Threshold, ...]
    arm: str

    @classmethod
    def of(cls, options: Namespace | None) -> Engine:
        """From Locust's parsed options; raises ValueError with one sentence."""
        if options is None:
            raise ValueError("The load engine needs Locust's command line.")
        if options.open_limit < 1 or options.open_users < 1:
            raise ValueError("--open-limit and --open-users must be above 0.")
        return cls(
            profile=read_profile(options.arrivals) if options.arrivals.strip() else None,
            spacing=options.spacing,
            seed=options.seed,
            users=options.open_users,
            limit=options.open_limit,
            warm_up_s=_duration(options.warm_up),
            thresholds=tuple(read_thresholds(_text(options.thresholds))),
            arm=options.arm,
        )

    @property
    def measured_s(self) -> float:
        """For how long arrivals are measured; infinite without an end."""
        return math.inf if self.profile is None else max(0.0, self.profile.seconds - self.warm_up_s)

    @property
    def memory_s(self) -> float:
        """How often memory is looked at, in seconds: about a thousand times a run."""
        return 5.0 if self.profile is None else min(5.0, max(0.2, self.profile.seconds / 1000))

    @property
    def soaks(self) -> bool:
        """Whether memory is to be judged."""
        return self.profile is not None and any(stage.name.startswith("soak") for stage in self.profile.stages)


def option_of(parser: LocustArgumentParser) -> Option:
    """Declares an option that can also be set by its environment variable, LOADTESTS_…"""

    def option(name: str, **details: Any) -> None:
        variable = "LOADTESTS_" + name.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(name, env_var=variable, **details)

    return option


def add_engine_options(parser: LocustArgumentParser) -> None:
    """Declare them."""
    option = option_of(parser)
    option("--arrivals", default="", metavar="TEXT", help=(
        "Open loop: send arrivals at these rates, whatever the target does, such as '100/s', '100/s for 30s', "
        "'100/s to 500/s for 60s', 'step 100/s to 500/s by 100/s for 50s', 'spike 100/s to 2000/s hold 5s for 60s', "
        "'day 100/s to 500/s for 24h', 'soak 200/s for 8h', 'replay access.log at 2x', or several with commas between. "
        "Empty: closed-loop users."))  # fmt: skip
    option("--spacing", choices=sorted(KINDS), default="paced", help="Open loop: how arrivals are spaced.")
    option("--open-limit", type=int, default=2000, metavar="N",
           help="Open loop: at most N arrivals under way a process; those beyond are dropped, counted.")  # fmt: skip
    option("--open-users", type=int, default=8, metavar="N",
           help="Open loop: users of each class that are started before the first arrival.")  # fmt: skip
    option("--seed", type=int, default=1, help="Seed of all choices and of the schedule.")
    option("--warm-up", default="0s", metavar="TIME", help="No figure is made of the first TIME, such as 10s.")
    option("--thresholds", default="", metavar="TEXT", help=(
        "What must hold, such as 'p99<100ms, errors<0.1%%, rate>=500, author: p95<200ms', or the name of a file with "
        "one a line. Exit status 0: all hold; 1: one is broken; 2: cannot be judged; 3: too few values."))  # fmt: skip
    option("--arm", default="target", help="What results call the target.")
    for name, what in (
        ("--histograms", "all latencies, as an HdrHistogram log"),
        ("--summary", "figures, thresholds and the generator's health, as JSON"),
        ("--junit", "the thresholds as JUnit"),
    ):
        option(name, default="", metavar="FILE", include_in_web_ui=False, help=f"Write {what}, to FILE.")
    option("--metrics-port", type=int, default=0, metavar="PORT", include_in_web_ui=False,
           help="Serve latencies as Prometheus histograms at http://127.0.0.1:PORT/metrics.")  # fmt: skip


def _duration(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(ms|s|m|h)", text.strip())
    if not found:
        raise ValueError(f"--warm-up {text!r} is no time such as 10s.")
    return seconds(*found.groups())


def _text(given: str) -> str:
    """The thresholds, or what stands in the file of that name."""
    path = Path(given.strip())
    try:
        named = bool(given.strip()) and "<" not in given and ">" not in given
        return path.read_text(encoding="utf-8") if named else given
    except OSError as error:
        raise ValueError(f"The thresholds in {path} cannot be read: {error.strerror}.") from error
