from target_app.payments.breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, seen: list[str]) -> CircuitBreaker:
    """A breaker that three failures have opened."""
    breaker = CircuitBreaker(seen.append, clock, failures=3, open_s=2)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    """Three failures, and nobody asks for two seconds."""
    clock, seen = Clock(), list[str]()
    breaker = broken(clock, seen)
    assert not breaker.admits()
    clock.now += 1.9
    assert not breaker.admits()
    assert seen == ["closed", "open"]


def test_a_success_between_failures_keeps_it_closed() -> None:
    """Only failures in a row count."""
    breaker = CircuitBreaker(lambda _: None, Clock(), failures=3)
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.admits()


def test_one_asks_for_all() -> None:
    """After the pause one call is admitted; its success closes the circuit, its failure opens it again."""
    clock, seen = Clock(), list[str]()
    breaker = broken(clock, seen)
    clock.now += 2
    assert breaker.admits()
    assert not breaker.admits(), "a second call while the first decides"
    breaker.failed()
    assert not breaker.admits()
    clock.now += 2
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()
    assert seen == ["closed", "open", "half_open", "open", "half_open", "closed"]


def test_a_call_that_never_ends_does_not_close_the_door() -> None:
    """Where the deciding call is cancelled, another may decide after the pause."""
    clock = Clock()
    breaker = broken(clock, [])
    clock.now += 2
    assert breaker.admits()
    clock.now += 2
    assert breaker.admits()
