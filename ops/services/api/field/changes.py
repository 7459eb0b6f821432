"""A unit's state by what has changed in it, so that a phone on a link of a few kbit/s is not sent the whole again.

``applied(before, changes_of(before, after)) == after`` for any two states. Records of lists are known by their key, and
of a record that both states have, only the fields that differ are sent.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from ops.store.rows import to_json

LISTS: Final = {"incidents": "id", "outcomes": "action_id", "units": "unit"}
"""Lists of records in a state, with the field that is unique in each."""
MOST_STATES: Final = 512
"""States that are remembered, of all devices; those that no device asked about for longest make room."""

FieldStateBody = dict[str, Any]


def version_of(state: Mapping[str, Any]) -> str:
    """Return the version of a state: a hash of what it holds."""
    return blake2b(to_json(state, where="field"), digest_size=9).hexdigest()


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes one state of the other: changed fields, and of lists ``keys``, ``new`` and ``changed``.

    ``keys`` are those of all its records in order, absent where they are as before. ``new`` are whole records;
    ``changed`` has of records that both states have the key and the fields that differ.
    """
    changes: dict[str, Any] = {}
    for name, value in after.items():
        if name in before and before[name] == value:
            continue
        key = LISTS.get(name)
        changes[name] = value if key is None else _list_changes(before.get(name, ()), value, key)
    return changes


def _list_changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    known = {one[key]: one for one in before}
    keys = [one[key] for one in after]
    found: dict[str, Any] = {"new": [], "changed": []}
    for one in after:
        old = known.get(one[key])
        if old is None or old.keys() != one.keys():
            found["new"].append(one)
        elif old != one:
            found["changed"].append({name: value for name, value in one.items() if name == key or old[name] != value})
    if keys != [one[key] for one in before]:
        found["keys"] = keys
    return found


def applied(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state that the changes make of ``before``, as the field page does."""
    after = dict(before)
    for name, value in changes.items():
        key = LISTS.get(name)
        if key is None:
            after[name] = value
            continue
        records = {one[key]: one for one in before.get(name, ())}
        keys = value.get("keys", list(records))
        records |= {one[key]: one for one in value["new"]}
        records |= {one[key]: {**records[one[key]], **one} for one in value["changed"]}
        after[name] = [records[one] for one in keys]
    return after


class SentStates:
    """The newest states that were sent to devices, by version; thread-safe. A restart forgets them."""

    def __init__(self, most: int = MOST_STATES) -> None:
        self._most, self._lock = most, threading.Lock()
        self._states: OrderedDict[tuple[str, str], FieldStateBody] = OrderedDict()

    def keep(self, device: str, version: str, state: FieldStateBody) -> None:
        """Remember a state that is sent to a device."""
        with self._lock:
            self._states[device, version] = state
            self._states.move_to_end((device, version))
            while len(self._states) > self._most:
                self._states.popitem(last=False)

    def of(self, device: str, version: str) -> FieldStateBody | None:
        """Return a state that was sent to a device; None if it is not remembered."""
        with self._lock:
            if (device, version) in self._states:
                self._states.move_to_end((device, version))
            return self._states.get((device, version))
