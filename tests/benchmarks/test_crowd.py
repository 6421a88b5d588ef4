"""What the clients of the sockets' benchmark read."""

from benchmarks.crowd import first_frame


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
