"""The nearest name for a mistyped or former one, and texts without hidden characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.names import HIDDEN, did_you_mean, expected_name, nearest, readable

KNOWN = ("min_range_m", "max_range_m", "--out", "--samples")
FORMER = {"range_m": "max_range_m", "--draws": "--samples", "--gap": "--optimality-gap"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("max_range", "max_range_m"),
        ("range_m", "max_range_m"),
        ("rang_m", "max_range_m"),
        ("--draw", "--samples"),
        ("--sample", "--samples"),
        ("--gap", None),  # what it was renamed to is not known here
        ("colour", None),
    ],
)
def test_the_name_that_was_meant(name: str, found: str | None) -> None:
    assert nearest(name, KNOWN, FORMER) == found


def test_sentences() -> None:
    assert did_you_mean("--draw", KNOWN, FORMER) == " (did you mean '--samples'?)"
    assert did_you_mean("colour", KNOWN) == ""
    assert expected_name("range_m", KNOWN, FORMER) == "a known name, probably 'max_range_m'"
    assert expected_name("colour", ("a", "b")) == "one of a, b"


@given(st.text())
def test_a_readable_text_is_one_line_of_the_same_length_without_control_characters(text: str) -> None:
    shown = readable(text)
    assert len(shown) == len(text)
    assert HIDDEN.search(shown) is None
    assert len(shown.splitlines()) <= 1
    assert readable(shown) == shown


@pytest.mark.parametrize("name", ["Andorra la Vella", "سد", "نیم‌روز", "Ħal Għaxaq", "村"])
def test_names_of_any_script_stay_as_they_are(name: str) -> None:
    assert readable(name) == name
