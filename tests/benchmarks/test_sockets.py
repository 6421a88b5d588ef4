"""A slice of `python -m benchmarks.sockets`: that it works, not how fast."""

from benchmarks.sockets import MESSAGES, first_frame, printed, run_round, summary


def test_a_small_round() -> None:
    """Fifty sockets hear everything, the stalled reader is dropped, and every figure is there."""
    found = run_round(50)
    assert found.sockets == 50
    assert len(found.from_sending) == MESSAGES
    assert all(0 <= answered < sent for sent, answered in zip(found.from_sending, found.from_answer, strict=True))
    assert found.stalled_dropped_after is not None
    table = printed(summary([found, found]))
    assert table.count("\n") >= 8
    assert "50 WebSockets" in table


def test_frames_are_read_whole() -> None:
    """A frame is read once all of it has come, at each of the three lengths (RFC 6455, 5.2)."""
    for head, size in (
        (b"\x81\x05", 5),
        (b"\x81\x7e\x01\x00", 256),
        (b"\x81\x7f" + (70_000).to_bytes(8, "big"), 70_000),
    ):
        data = head + b"x" * size
        assert first_frame(data[:-1]) is None
        assert first_frame(data + b"\x89") == (1, b"x" * size, b"\x89")
    assert first_frame(b"\x81") is None
    assert first_frame(b"\x81\x7e\x01") is None
