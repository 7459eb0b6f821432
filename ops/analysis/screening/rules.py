"""A file of screening rules: each is a short list of conditions on the fields of a movement, all of which must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE, expected_name
from ops.sector.toml_record import ConfigError, read_toml

OPERATORS: Final = ("is", "is_not", "below", "above")
RESERVED: Final = ("id", "at", "group", "found", "illustrative")
"""Columns of a movement that no rule may use: the group above all, and what was found."""
MOST_RULES: Final = 50
MOST_CONDITIONS: Final = 5
"""Conditions of a rule: more than that no one can explain to the person at the crossing point."""
LONGEST: Final = 200
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ScreeningError(ConfigError):
    """A file of rules or a table of movements that cannot be used."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one field. A movement without a value of the field does not meet it."""

    field: str
    operator: str
    value: str | float

    def holds(self, movement: Mapping[str, Any]) -> bool:
        """Whether a movement meets it. A text is never below or above a number."""
        stated = movement.get(self.field)
        text = "" if stated is None else str(stated).strip()
        if not text:
            return False
        if isinstance(self.value, str):
            return (text.casefold() == self.value.casefold()) == (self.operator == "is")
        try:
            number = float(text)
        except ValueError:
            return False
        if not math.isfinite(number):
            return False
        if self.operator in ("is", "is_not"):
            return (number == self.value) == (self.operator == "is")
        return number < self.value if self.operator == "below" else number > self.value


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its identifier, why it exists, and the conditions that must all hold."""

    id: str
    why: str
    conditions: tuple[Condition, ...]

    def hits(self, movement: Mapping[str, Any]) -> bool:
        """Whether all conditions hold for a movement."""
        return all(one.holds(movement) for one in self.conditions)


def read_rules(path: Path) -> list[Rule]:
    """Read a file of rules.

    Parameters
    ----------
    path : Path
        TOML with ``[[rule]]``: ``id``, ``why``, and ``all``, a list of conditions with ``field`` and one of OPERATORS.

    Returns
    -------
    list of Rule
        The rules, in order.

    Raises
    ------
    ScreeningError
        For the first error: unknown keys, no reason, conditions that use the group or another reserved column, too many
        conditions to be explained, and identifiers that occur twice.
    """
    table, where = read_toml(path), str(path)
    _known_keys(table, ("rule",), where)
    listed = table.get("rule")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_RULES:
        raise ScreeningError("has no [[rule]]", where=where, expected=f"1 to {MOST_RULES} rules")
    rules = [_rule(one, f"{where}, rule {number}") for number, one in enumerate(listed, 1)]
    ids = [one.id for one in rules]
    doubled = next((one for one in ids if ids.count(one) > 1), None)
    if doubled is not None:
        raise ScreeningError(f"the rule {doubled!r} occurs twice", where=where, expected="unique identifiers")
    return rules


def _rule(stated: Any, where: str) -> Rule:
    if not isinstance(stated, dict):
        raise ScreeningError("is not a table", where=where, expected="id, why and all")
    _known_keys(stated, ("id", "why", "all"), where)
    identity, why = _text(stated, "id", where), _text(stated, "why", where)
    if not _ID.fullmatch(identity):
        expected = "small letters, digits, - and _, at most 40"
        raise ScreeningError(f"id {identity!r}", where=where, expected=expected)
    conditions = stated.get("all")
    if not isinstance(conditions, list) or not 0 < len(conditions) <= MOST_CONDITIONS:
        raise ScreeningError("all", where=where, expected=f"1 to {MOST_CONDITIONS} conditions")
    return Rule(identity, why, tuple(_condition(one, where) for one in conditions))


def _condition(stated: Any, where: str) -> Condition:
    if not isinstance(stated, dict):
        raise ScreeningError("a condition is not a table", where=where, expected="field and a comparison")
    _known_keys(stated, ("field", *OPERATORS), where)
    field = _text(stated, "field", where)
    if field in RESERVED:
        expected = f"a field other than {', '.join(RESERVED)}; a rule may not use the group of a person"
        raise ScreeningError(f"field {field!r}", where=where, expected=expected)
    if not _FIELD.fullmatch(field):
        raise ScreeningError(f"field {field!r}", where=where, expected="small letters, digits and _")
    given = [name for name in OPERATORS if name in stated]
    if len(given) != 1:
        raise ScreeningError(f"field {field!r} has no single comparison", where=where, expected=f"one of {OPERATORS}")
    operator, value = given[0], stated[given[0]]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ScreeningError(f"{operator} = {value!r}", where=where, expected="a text or a number")
    if isinstance(value, str):
        if operator in ("below", "above"):
            raise ScreeningError(f"{operator} = {value!r}", where=where, expected="a number")
        return Condition(field, operator, _text(stated, operator, where))
    if not math.isfinite(value):
        raise ScreeningError(f"{operator} = {value}", where=where, expected="a finite number")
    return Condition(field, operator, float(value))


def _text(stated: Mapping[str, Any], key: str, where: str) -> str:
    value = stated.get(key)
    if not isinstance(value, str) or not value.strip() or HIDDEN.search(value) or len(value) > LONGEST:
        raise ScreeningError(f"{key} = {ascii(value)[:60]}", where=where, expected=f"{ONE_LINE}, at most {LONGEST}")
    return value.strip()


def _known_keys(stated: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in stated:
        if key not in known:
            raise ScreeningError(f"unknown key {key!r}", where=where, expected=expected_name(key, known))


def refuse_off(*, switched_on: bool, sector: Path) -> None:
    """Raise BadInput unless a sector file switches screening on."""
    if not switched_on:
        expected = "screening = true in the sector file, as the authority decided"
        raise BadInput("screening is off", where=str(sector), expected=expected)
