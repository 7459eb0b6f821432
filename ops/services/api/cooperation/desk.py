"""Runs the orders of the page of partners, each in a process of its own, one at a time."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from starlette.exceptions import HTTPException

from ops.exchange.desk.orders import ShareOrder, ShareResult
from ops.runtime.child_process import module_command

LIMIT_S: Final = 300.0
"""Time after which the process of an order is ended: coverage of a large sector takes minutes."""
WAIT_S: Final = 20.0
"""How long an order waits for another to end."""


@dataclass(frozen=True, slots=True)
class ExchangeFiles:
    """The files of the exchange that a server uses: agreements, folder of the signing key, settings and layout.

    None or empty: there is none, and the page makes no packages.
    """

    agreements: Path | None = None
    identity: Path | None = None
    settings: Path | None = None
    layout: str = ""


class ShareDesk:
    """Carries out orders. HTTPException 422 with the sentence of a refusal, 503 where an order cannot be done now."""

    def __init__(self, module: str = "ops.exchange.desk.process") -> None:
        self._command, self._one_at_a_time = module_command(module), threading.Lock()

    def ask(self, order: ShareOrder) -> ShareResult:
        """Carry out an order."""
        if not self._one_at_a_time.acquire(timeout=WAIT_S):
            raise HTTPException(503, "Another package is being made; try again in a minute.")
        try:
            done = subprocess.run(
                self._command, input=msgspec.json.encode(order), capture_output=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise HTTPException(503, f"This took longer than {LIMIT_S:.0f} s; use `watchline share`.") from None
        finally:
            self._one_at_a_time.release()
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines() or [f"code {done.returncode}"]
            raise HTTPException(503, f"This could not be done ({words[-1][:200]}).")
        result = msgspec.json.decode(done.stdout, type=ShareResult)
        if result.refused:
            raise HTTPException(422, result.refused)
        if result.failed:
            raise HTTPException(503, result.failed)
        return result
