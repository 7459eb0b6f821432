"""Rounded counts: what a reader who knows the program can work out, by trying every table that could have been."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.governance.rounding import BASE, FILE, publication_key, rounded, shift_of

SHIFTS = range(BASE)
SMALL = range(1, BASE)
ANY_COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=6)


@pytest.mark.parametrize("months", [1, 2])
def test_no_reader_who_knows_the_program_finds_a_small_count_in_any_small_table(months: int) -> None:
    """All tables of two types and one or two months with counts up to 7, under all secret numbers: for each published
    table, the tables that it may come from. Beyond 7, some of those are missing, so tables at the edge are not judged.
    """
    most, cells = 7, 2 * months
    sources = defaultdict[tuple[int, ...], set[tuple[int, ...]]](set)
    for counts in product(range(most + 1), repeat=cells):
        columns = [counts[2 * month : 2 * month + 2] for month in range(months)]
        for shifts in product(SHIFTS, repeat=months):
            shown = tuple(
                value for column, shift in zip(columns, shifts, strict=True) for value in rounded(column, shift)
            )
            sources[shown].add(counts)
    judged = 0
    for shown, tables in sources.items():
        if max(shown) >= most:
            continue
        judged += 1
        lines = {"cell": [(one,) for one in range(cells)]}
        lines["month"] = [(2 * month, 2 * month + 1) for month in range(months)]
        lines["type"] = [tuple(range(kind, cells, 2)) for kind in range(2)]
        lines["all"] = [tuple(range(cells))]
        for name, found in lines.items():
            for line in found:
                values = {sum(table[one] for one in line) for table in tables}
                assert len(values) >= 2, f"{shown}: {name} {line} is {values}"
                assert not values <= set(SMALL), f"{shown}: {name} {line} is small"
                assert sum(shown[one] for one in line) in values, "what is published may be true"
    assert judged == 2**cells, "each count is published as 0 or 5"


@given(ANY_COUNTS, st.sampled_from(SHIFTS))
def test_counts_and_their_total_are_near_the_truth(counts: list[int], shift: int) -> None:
    shown = rounded(counts, shift)
    assert all(value % BASE == 0 and value >= 0 for value in shown)
    assert all(abs(value - true) < BASE for value, true in zip(shown, counts, strict=True))
    assert abs(sum(shown) - sum(counts)) < BASE


@given(ANY_COUNTS)
def test_on_average_nothing_is_added_or_lost_and_multiples_stay(counts: list[int]) -> None:
    tables = [rounded(counts, shift) for shift in SHIFTS]
    assert [sum(values) for values in zip(*tables, strict=True)] == [BASE * one for one in counts]
    assert all(rounded([BASE * one for one in counts], shift) == [BASE * one for one in counts] for shift in SHIFTS)


def test_a_worked_case() -> None:
    """7, 4, 2 with the secret number 3: cumulative sums 7, 11, 13 shifted to 10, 14, 16, which are 2, 2, 3 fives."""
    assert rounded([7, 4, 2], 3) == [10, 0, 5]


def test_the_secret_is_private_stays_and_is_never_replaced(tmp_path: Path) -> None:
    key = publication_key(tmp_path)
    assert publication_key(tmp_path) == key
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    months = [f"{year}-{month:02d}" for year in range(2020, 2025) for month in range(1, 13)]
    assert {shift_of(b"a" * 32, month) for month in months} == set(SHIFTS), "of 60 months, each has its own"
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(BadInput, match="5 bytes"):
        publication_key(tmp_path)
