"""Orders of a route that take long: each is carried out by a process of its own, one at a time."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from starlette.exceptions import HTTPException

from ops.runtime.processes.child_process import module_command

WAIT_S: Final = 20.0
"""How long an order waits for another to end."""


class Answered(Protocol):
    """The result of an order; ``refused`` or ``failed``: the sentence that says why there is none."""

    @property
    def refused(self) -> str: ...
    @property
    def failed(self) -> str: ...


_Result = TypeVar("_Result", bound=Answered)


@dataclass(frozen=True, slots=True)
class OrderProcess(Generic[_Result]):
    """Asks a module that reads an order as JSON from stdin and writes its ``result`` to stdout.

    ``limit_s``: time after which the process is ended. ``busy``, ``late`` and ``broken``: the sentences for an order
    that waited too long for another, took too long, and whose process failed (followed by the reason in brackets).
    """

    module: str
    result: type[_Result]
    limit_s: float
    busy: str
    late: str
    broken: str
    _one_at_a_time: Any = field(default_factory=threading.Lock, repr=False)

    def ask(self, order: msgspec.Struct) -> _Result:
        """Carry out an order. HTTPException 422 for one that is refused, 503 for one that cannot be done now."""
        if not self._one_at_a_time.acquire(timeout=WAIT_S):
            raise HTTPException(503, self.busy)
        try:
            command, body = module_command(self.module), msgspec.json.encode(order)
            done = subprocess.run(command, input=body, capture_output=True, timeout=self.limit_s, check=False)
        except subprocess.TimeoutExpired:
            raise HTTPException(503, self.late) from None
        finally:
            self._one_at_a_time.release()
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines() or [f"code {done.returncode}"]
            raise HTTPException(503, f"{self.broken} ({words[-1][:200]}).")
        result = msgspec.json.decode(done.stdout, type=self.result)
        if result.refused:
            raise HTTPException(422, result.refused)
        if result.failed:
            raise HTTPException(503, result.failed)
        return result
