"""Filters of OGC API – Features: CQL2 text, as far as the class Basic CQL2 and the advanced comparisons go.

The parser and the evaluation are those of the library cql2. Before, the text is limited, because the parser's time and
stack grow with nested parentheses; and every comparison is checked against the properties of the collection, because
the library takes a comparison of different types, or with an unknown property, for one without an answer. BETWEEN
and IN are evaluated as the comparisons that they stand for, because the library reads times only in those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from ops.services.api.ogc.collections import TIME, FeatureRecord, PropertyType

if TYPE_CHECKING:
    from cql2 import Expr

MOST_CHARACTERS: Final = 1_000
MOST_NESTED: Final = 6
"""Parentheses, and words NOT: an expression that is wrong in the innermost of 20 takes the parser 20 s."""
WHERE: Final = "filter"

_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_NEGATIONS: Final = re.compile(r"\bNOT\b", re.IGNORECASE)
_COMPARISONS: Final = ("=", "<>", "<", ">", "<=", ">=")


class FeatureFilter:
    """A checked filter for a collection with these properties. Raises BadInput with one sentence."""

    def __init__(self, text: str, properties: Mapping[str, PropertyType]) -> None:
        self._properties = properties
        self._expression = _parsed(text)
        self._check(self._expression.to_json())
        self._expression = _with_comparisons(self._expression)

    def selects(self, feature: FeatureRecord) -> bool:
        """Whether a feature is selected; a comparison with null is neither true nor false (CQL2), so selects none."""
        try:
            return bool(self._expression.matches(feature))
        except Exception:  # noqa: BLE001 - the only error class of the library; the answer is neither true nor false
            return False

    def __deepcopy__(self, _: dict[int, Any]) -> FeatureFilter:
        """The same filter, which nothing changes: pygeoapi copies filters."""
        return self

    def _check(self, node: Any) -> None:
        """Raise BadInput unless it is a condition on the properties of the collection."""
        if isinstance(node, bool):
            return
        if not isinstance(node, dict) or ("op" not in node and "property" not in node):
            raise _refused("has a part that is not a condition", "comparisons, joined by AND, OR, NOT")
        if "property" in node:
            if self._type_of(node) != "boolean":
                raise _refused(f"{node['property']!r} alone is not a condition", "a comparison")
            return
        operator, arguments = node["op"], node["args"]
        if operator in ("and", "or", "not"):
            for argument in arguments:
                self._check(argument)
        elif operator == "isNull":
            self._name(arguments[0])
        elif operator in (*_COMPARISONS, "between", "in"):
            values = [arguments[0], *arguments[1]] if operator == "in" else arguments
            self._check_types(values)
        elif operator == "like":
            self._check_types(arguments)
            if self._type_of(arguments[0]) != "string":
                raise _refused("LIKE compares something other than texts", "a property that is a text")
        else:
            expected = "= <> < > <= >=, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT"
            raise _refused(f"uses {str(operator)[:40]!r}, which this server does not offer", expected)

    def _check_types(self, values: list[Any]) -> None:
        kinds = [self._type_of(value) for value in values]
        kinds = ["number" if kind == "integer" else kind for kind in kinds]
        if len(set(kinds)) > 1:
            raise _refused(f"compares {' with '.join(dict.fromkeys(kinds))}", "values of the property's type")

    def _type_of(self, value: Any) -> PropertyType:
        if isinstance(value, bool):
            return "boolean"
        if isinstance(value, int | float):
            return "number"
        if isinstance(value, str):
            return "string"
        if isinstance(value, dict) and "timestamp" in value:
            _check_time(value["timestamp"])
            return "time"
        if isinstance(value, dict) and "date" in value:
            raise _refused("compares with a DATE", "a TIMESTAMP such as TIMESTAMP('2026-03-01T22:00:00Z')")
        return self._properties[self._name(value)]

    def _name(self, node: Any) -> str:
        name = node.get("property") if isinstance(node, dict) else None
        if not isinstance(name, str):
            raise _refused("compares something other than properties and values", "properties and values")
        if name not in self._properties:
            raise _refused(f"{name[:40]!r} is not a property", f"one of {', '.join(self._properties)}")
        return name


def _check_time(text: Any) -> None:
    from cql2 import Expr

    time = {"timestamp": text}
    with suppress(Exception):  # the only error class of the library; what it cannot compare is refused
        if TIME.fullmatch(text) and Expr({"op": "=", "args": [time, time]}).matches({}):
            return
    raise _refused("has a TIMESTAMP that is not a time", "TIMESTAMP('2026-03-01T22:00:00Z')")


def _with_comparisons(expression: Expr) -> Expr:
    """The same condition as the library evaluates it correctly."""
    from cql2 import Expr

    return Expr(_compared(expression.to_json()))


def _compared(node: Any) -> Any:
    """A checked condition with comparisons in place of BETWEEN, and of IN where its list has times or properties."""
    if not isinstance(node, dict) or "op" not in node:
        return node
    operator, arguments = node["op"], node["args"]
    if operator in ("and", "or", "not"):
        return {"op": operator, "args": [_compared(argument) for argument in arguments]}
    if operator == "between":
        value, least, most = arguments
        return {"op": "and", "args": [{"op": ">=", "args": [value, least]}, {"op": "<=", "args": [value, most]}]}
    if operator == "in" and any(isinstance(each, dict) for each in arguments[1]):
        return {"op": "or", "args": [{"op": "=", "args": [arguments[0], each]} for each in arguments[1]]}
    return node


def _parsed(text: str) -> Expr:
    from cql2 import Expr

    if len(text) > MOST_CHARACTERS:
        raise _refused(f"has {len(text)} characters", f"at most {MOST_CHARACTERS}")
    bare = _QUOTED.sub(" ", text)
    if _depth(bare) > MOST_NESTED or len(_NEGATIONS.findall(bare)) > MOST_CHARACTERS // 20:
        raise _refused("is nested too deeply", f"at most {MOST_NESTED} parentheses within each other")
    try:
        return Expr(text)
    except Exception:  # noqa: BLE001 - the only error class of the library
        raise _refused("is not CQL2 text", "such as priority = 'high' AND segment > 3") from None


def _depth(text: str) -> int:
    """The deepest nesting of brackets; they need not be closed."""
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        deepest = max(deepest, depth)
    return deepest


def _refused(what: str, expected: str) -> BadInput:
    return BadInput(what, where=WHERE, expected=expected)
