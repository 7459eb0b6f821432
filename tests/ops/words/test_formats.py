"""Numbers, durations and lists as each language writes them; the page is held to the same file of cases."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.words import Formats

CASES = json.loads(Path(__file__).with_name("format_cases.json").read_text(encoding="utf-8"))
METHODS = {
    "DECIMAL": "number",
    "PERCENT": "percent",
    "PROBABILITY": "probability",
    "DISTANCE": "distance",
    "HEIGHT": "height",
    "SPEED": "speed",
    "DURATION": "duration",
    "BEARING": "bearing",
    "CHAINAGE": "chainage",
    "TIME": "time",
    "DATETIME": "date_time",
    "NAMES": "names",
    "RUNS": "runs",
}
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['function']} {case['language']} {case['text']}")
def test_the_shared_cases(case: dict) -> None:
    formats = Formats(case["language"], case["units"])
    assert getattr(formats, METHODS[case["function"]])(case["value"], **case["options"]) == case["text"]


def test_the_shared_cases_try_every_function_in_both_languages() -> None:
    assert {case["function"] for case in CASES} == set(METHODS)
    assert {case["language"] for case in CASES} == {"en", "fr"}
    assert {case["units"] for case in CASES} == {"metric", "nautical", "imperial"}


def test_unknown_units_are_refused() -> None:
    with pytest.raises(BadInput, match="unknown system of units 'furlongs'; expected metric or nautical or imperial"):
        Formats("en", "furlongs")


@given(st.floats(0.0, 1e9))
def test_a_duration_read_back_is_shorter_by_less_than_its_second_unit(seconds: float) -> None:
    words = Formats("en").duration(seconds).replace(",", "").split()
    read = sum(int(many) * SECONDS[unit] for many, unit in zip(words[::2], words[1::2], strict=True))
    largest = SECONDS[words[1]]
    following = max((size for size in SECONDS.values() if size < largest), default=1)
    assert len(words) in (2, 4)
    assert 0 <= int(seconds + 0.5) - read < following


@given(st.lists(st.integers(0, 10_000)))
def test_runs_read_back_are_the_same_numbers(numbers: list[int]) -> None:
    text = Formats("en").runs(numbers)
    if not numbers:
        assert text == "–"
        return
    ends = [part.split("–") for part in text.split(", ")]
    read = [number for end in ends for number in range(int(end[0]), int(end[-1]) + 1)]
    assert read == sorted(set(numbers))
    assert all(int(a[-1]) + 1 < int(b[0]) for a, b in pairwise(ends))


@given(st.floats(-1e7, 1e7), st.sampled_from(["en", "fr"]), st.sampled_from(["metric", "nautical", "imperial"]))
def test_a_distance_is_a_number_and_a_unit(metres: float, language: str, units: str) -> None:
    number, unit = Formats(language, units).distance(metres).replace("\u00a0", " ").rsplit(" ", 1)
    assert unit in {"metric": ("m", "km"), "nautical": ("m", "NM"), "imperial": ("ft", "mi")}[units]
    assert number.lstrip("−")[0].isdigit()
