"""States of the processes of a room, as messages: why one does not work, and the stable code of the state."""

from __future__ import annotations

import re
from typing import Final

from geo.message import Message

_PREFIX: Final = "part-"
_FOLDERS: Final = re.compile(r"(?<![^\s'\"(\[=])/(?:[^/\s'\":]+/)+")
COMPILING: Final = Message("part-compiling-kernels")
"""The state of a process that compiles kernels, as after an update of the code: it works again by itself."""


def problem_of(text: str) -> Message:
    """Return the state of a process that works and reports a problem, in its own words."""
    return Message("part-problem", {"problem": text})


def without_log(state: Message) -> Message:
    """Return the state for people who do not administer the server: neither its files nor what its log says."""
    if state.id == "part-ended":
        return Message("part-stopped")
    if state.id == "part-given-up":
        counts = {name: state.parameters[name] for name in ("failures", "minutes")}
        return Message("part-stopped-for-good", counts)
    problem = state.parameters.get("problem")
    return problem_of(without_folders(problem)) if isinstance(problem, str) else state


def without_folders(text: str) -> str:
    """Return a text in which files are named without their folders."""
    return _FOLDERS.sub("", text)


def code_of(state: Message | None) -> str:
    """Return ``ok``, ``ended``, ``given_up``, ``not_started``, ``silent``, ``problem`` or ``compiling_kernels``."""
    return "ok" if state is None else state.id.removeprefix(_PREFIX).replace("-", "_")


def stated(problem: str | None) -> Message | None:
    """Return the state of a process that works and may report a problem; None without one."""
    return None if problem is None else problem_of(problem)
