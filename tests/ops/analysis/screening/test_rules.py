"""Rules: conditions by hand, what a rule may not use, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.analysis.screening.rules import RESERVED, Condition, ScreeningError, read_rules


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (Condition("payment", "is", "cash"), " Cash ", True),
        (Condition("payment", "is", "cash"), "card", False),
        (Condition("payment", "is_not", "cash"), "card", True),
        (Condition("hours", "below", 24.0), "23.9", True),
        (Condition("hours", "below", 24.0), 24, False),
        (Condition("hours", "above", 24.0), 24.5, True),
        (Condition("hours", "is", 24.0), "24", True),
        (Condition("hours", "above", 24.0), "many", False),
        (Condition("hours", "above", 24.0), "nan", False),
        (Condition("hours", "is_not", 24.0), "nan", False),
        (Condition("hours", "above", 24.0), "inf", False),
        (Condition("hours", "is_not", 24.0), "", False),
        (Condition("hours", "is_not", 24.0), None, False),
    ],
)
def test_conditions_by_hand(condition: Condition, value: Any, holds: bool) -> None:
    assert condition.holds({condition.field: value}) is holds


def rules_file(tmp_path: Path, condition: str, *, identity: str = "one", why: str = "why") -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(f'[[rule]]\nid = "{identity}"\nwhy = "{why}"\nall = [{condition}]\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("field", RESERVED)
def test_no_rule_may_use_the_group_or_what_was_found(tmp_path: Path, field: str) -> None:
    with pytest.raises(ScreeningError, match=f"field '{field}'"):
        read_rules(rules_file(tmp_path, f'{{ field = "{field}", is = "a" }}'))


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("", "all"),
        ('{ field = "x" }', "no single comparison"),
        ('{ field = "x", is = "a", above = 3 }', "no single comparison"),
        ('{ field = "x", below = "a" }', "below = 'a'"),
        ('{ field = "x", is = true }', "is = True"),
        ('{ field = "x", above = nan }', "above = nan"),
        ('{ field = "Group", is = "a" }', "field 'Group'"),
        ('{ field = "x", like = "a" }', "unknown key 'like'"),
        (", ".join(['{ field = "x", is = "a" }'] * 6), "all"),
    ],
)
def test_a_rule_that_cannot_be_explained_is_refused(tmp_path: Path, condition: str, what: str) -> None:
    with pytest.raises(ScreeningError, match="rule 1") as caught:
        read_rules(rules_file(tmp_path, condition))
    assert what in str(caught.value)


def test_a_rule_needs_a_reason_and_an_identifier_of_its_own(tmp_path: Path) -> None:
    good = '{ field = "x", is = "a" }'
    with pytest.raises(ScreeningError, match="why"):
        read_rules(rules_file(tmp_path, good, why=" "))
    with pytest.raises(ScreeningError, match="id 'A b'"):
        read_rules(rules_file(tmp_path, good, identity="A b"))
    path = rules_file(tmp_path, good)
    path.write_text(path.read_text() * 2, encoding="utf-8")
    with pytest.raises(ScreeningError, match="occurs twice"):
        read_rules(path)
