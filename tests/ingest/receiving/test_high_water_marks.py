"""High-water marks against the plain definition: the largest m with 1..m all settled or given up by the sender."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.receiving import high_water_marks as marks
from ingest.receiving.high_water_marks import HighWaterMark, HighWaterMarks


def nothing(_sensor: str, _boot: int) -> tuple[int, set[int]]:
    return 0, set()


@given(st.lists(st.tuples(st.integers(1, 15), st.none() | st.integers(1, 15)), max_size=40))
def test_the_mark_is_the_longest_settled_prefix(messages: list[tuple[int, int | None]]) -> None:
    found, settled = HighWaterMarks(nothing), set[int]()
    for seq, low in messages:
        settled.add(seq)
        if low is not None and low <= seq:
            settled |= set(range(1, low))
        expected = next(m for m in range(20) if m + 1 not in settled)
        assert found.settle("a", 1, seq, low) == HighWaterMark("a", 1, expected)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 2), st.integers(1, 9)), max_size=40), st.integers(0, 40)
)
def test_recalling_from_the_journal_goes_on_where_it_was(messages: list[tuple[str, int, int]], cut: int) -> None:
    settled: dict[tuple[str, int], set[int]] = {}

    def recall(sensor: str, boot: int) -> tuple[int, set[int]]:
        known = settled.get((sensor, boot), set())
        mark = next(m for m in range(20) if m + 1 not in known)
        return mark, {seq for seq in known if seq > mark}

    whole = HighWaterMarks(nothing)
    expected = [whole.settle(*message) for message in messages]
    first = HighWaterMarks(nothing)
    got = [first.settle(*message) for message in messages[:cut]]
    for sensor, boot, seq in messages[:cut]:
        settled.setdefault((sensor, boot), set()).add(seq)
    second = HighWaterMarks(recall)
    got += [second.settle(*message) for message in messages[cut:]]
    assert got == expected


def test_a_sender_that_never_fills_a_hole_costs_bounded_memory() -> None:
    found = HighWaterMarks(nothing)
    for seq in range(2, marks.MAX_AHEAD + 5000):
        assert found.settle("a", 1, seq).seq == 0
    assert len(found._prefixes["a", 1].ahead) == marks.MAX_AHEAD
    assert found.settle("a", 1, 1).seq == marks.MAX_AHEAD + 1
    assert found.settle("a", 1, marks.MAX_AHEAD + 2).seq == marks.MAX_AHEAD + 2


def test_a_low_above_the_message_itself_is_not_believed() -> None:
    assert HighWaterMarks(nothing).settle("a", 1, 5, low=2**53).seq == 0
    assert HighWaterMarks(nothing).settle("a", 1, 5, low=5).seq == 5


def test_a_sender_that_starts_at_zero_is_understood() -> None:
    found = HighWaterMarks(nothing)
    assert found.settle("a", 1, 0).seq == 0
    assert found.settle("a", 1, 1).seq == 1
