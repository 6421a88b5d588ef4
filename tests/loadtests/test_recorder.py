import json

from loadtests.recorder import WARM_UP, Figures, Recorder, Series

MS = 1_000_000


def series(stage: str = "100/s for 1s", status: str = "200", *, failed: bool = False) -> Series:
    return Series(stage, "target", "reader", "GET /api/tags", status, failed)


def worker(*latencies: int) -> Recorder:
    recorder = Recorder()
    for latency in latencies:
        recorder.record(series(), latency, latency // 2)
        recorder.fresh.stages["100/s for 1s"].sent += 1
    return recorder


def test_a_master_holds_what_its_workers_held() -> None:
    """Reports of four workers add up to the very counts of one process; what was sent is not sent again."""
    latencies = [[1 * MS, 5 * MS], [5 * MS], [90 * MS, 7], [3_600_000 * MS]]
    senders = [worker(*some) for some in latencies]
    master, single = Figures(), worker(*(one for some in latencies for one in some)).roll()
    for sender in (*senders, *senders):
        master.add(Figures.from_json(json.loads(json.dumps(sender.take()))))
    for kind in ("latency", "service"):
        assert getattr(master.times[series()], kind).counts() == getattr(single.times[series()], kind).counts()
    assert master.stages["100/s for 1s"].sent == 6


def test_a_roll_is_what_is_new() -> None:
    """Each roll holds what came since the last one."""
    recorder = worker(1 * MS)
    assert recorder.roll().select(lambda _: True).latency.count == 1
    recorder.record(series(), 2 * MS, 2 * MS)
    assert recorder.roll().select(lambda _: True).latency.count == 1


def test_no_figure_is_made_of_the_warm_up() -> None:
    """A selection leaves the warm-up out, and no judgement is passed on it."""
    recorder = Recorder()
    recorder.record(series(WARM_UP), 1 * MS, 1 * MS)
    recorder.record(series(), 1 * MS, 1 * MS)
    recorder.fresh.stages[WARM_UP].dropped = recorder.fresh.stages[WARM_UP].due = 9
    figures = recorder.roll()
    assert figures.select(lambda _: True).latency.count == 1
    assert list(figures.judged()) == []


def test_the_warm_up_of_a_closed_loop_ends() -> None:
    """Its first seconds are a stage of their own."""
    recorder = Recorder()
    recorder.begin("target", warm_up_s=60.0)
    assert recorder.stage() == WARM_UP
    recorder.begin("target", warm_up_s=0.0)
    assert recorder.stage() == "closed loop"
