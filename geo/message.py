"""A message for people: its identifier in the message catalogue, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

Parameter = str | int | float | bool | None | tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message without a language: ``ops.words`` makes the sentence.

    Parameters
    ----------
    id : str
        Identifier in the message catalogue, such as ``alert-crossing``.
    parameters : mapping of str to Parameter
        Values by name, in SI units and as plain words of a closed list: never a part of a sentence. A tuple of strings
        is a list of names, one of integers a set of numbers (``4–7, 9``). Text that a person wrote is passed as it is.
        Kept in the order of their names, so that equal messages are encoded equally.
    """

    id: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", dict(sorted(self.parameters.items())))

    def as_dict(self) -> dict[str, Any]:
        """The message as plain values for JSON: ``id`` and ``parameters``, messages within it likewise.

        A number that is not finite is null: its sentence shows a dash.
        """
        return {"id": self.id, "parameters": {name: _plain(value) for name, value in self.parameters.items()}}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Message:
        """The message of ``as_dict``.

        Raises
        ------
        KeyError, TypeError, AttributeError
            For a record of another form.
        """
        return cls(str(record["id"]), {name: _parameter(value) for name, value in record["parameters"].items()})


def cut_list(names: Sequence[str], at_most: int) -> tuple[Any, ...]:
    """A list as a parameter of a message; beyond ``at_most`` names its last item states how many others there are."""
    others = len(names) - at_most
    return (*names[:at_most], Message("list-others", {"count": others})) if others > 0 else tuple(names)


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.as_dict()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value  # of numpy
    return None if isinstance(value, float) and not isfinite(value) else value


def _parameter(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Message.from_dict(value)
    return tuple(map(_parameter, value)) if isinstance(value, list) else value
