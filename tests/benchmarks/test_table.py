"""The table that `make bench` prints."""

from typing import Any

from benchmarks.table import figure, table


def measured(group: str, name: str, median: float, **extra: Any) -> dict[str, Any]:
    """One result in the shape that pytest-benchmark gives it, as far as the table reads it."""
    return {"group": group, "name": name, "median": median, "iqr": median / 10, "rounds": 1200, "extra_info": extra}


RESULTS = [
    measured("query_shape", "test_list_of_20[query_shape=joined]", 400e-6, statements=1),
    measured("query_shape", "test_list_of_20[query_shape=lazy]", 0.004, statements=62),
    measured("password_hash", "test_hash[password_hash=sha256]", 80e-6),
    measured("measure", "test_bare_json_answer", 20e-6),
]


def rows() -> list[list[str]]:
    """The rows of the table of RESULTS below its headings, cell by cell."""
    return [line.split() for line in table([figure(result) for result in RESULTS]) if line][1:]


def test_a_level_stands_with_its_time_in_microseconds_and_units() -> None:
    """80 µs are four times the 20 µs of a bare JSON answer."""
    assert ["password_hash", "hash", "sha256", "80.0", "8.00", "4.00", "1,200"] in rows()


def test_levels_of_a_call_stand_one_below_the_other_as_declared() -> None:
    """The factor and the call are named once; statements are shown where they were counted."""
    assert rows()[-2:] == [
        ["query_shape", "list", "of", "20", "joined", "400", "40.0", "20.0", "1", "1,200"],
        ["lazy", "4,000", "400", "200", "62", "1,200"],
    ]


def test_factors_stand_in_the_order_in_which_they_are_declared() -> None:
    """What they are read against comes first, whatever order they ran in."""
    names = [row[0] for row in rows()]
    assert names == ["measure", "password_hash", "query_shape", "lazy"]


def test_without_the_unit_no_share_of_it_is_shown() -> None:
    """A run of one benchmark alone (`-k`) still prints its time."""
    alone = [line for line in table([figure(RESULTS[2])]) if line]
    assert alone[1].split() == ["password_hash", "hash", "sha256", "80.0", "8.00", "1,200"]
