"""What `python -m benchmarks.volume` makes of its figures."""

import numpy as np

from benchmarks.volume import shown


def test_one_list_that_slows_is_enough_to_fail() -> None:
    """A ratio above the bound fails the table, one below it does not."""
    steady = np.array([[100.0, 101.0], [100.0, 103.0], [99.0, 100.0]])
    assert shown("SQLite", {"newest": steady})[1]
    assert not shown("SQLite", {"newest": steady, "feed": steady * [1.0, 1.4]})[1]
