"""The files of the exchange that a server uses, and the process that carries out the orders of the page of partners."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.exchange.desk.orders import ShareResult
from ops.services.api.order_process import OrderProcess

LIMIT_S: Final = 300.0
"""Time after which the process of an order is ended: coverage of a large sector takes minutes."""


@dataclass(frozen=True, slots=True)
class ExchangeFiles:
    """The files of the exchange that a server uses: agreements, folder of the signing key, settings and layout.

    None or empty: there is none, and the page makes no packages.
    """

    agreements: Path | None = None
    identity: Path | None = None
    settings: Path | None = None
    layout: str = ""


def share_desk() -> OrderProcess[ShareResult]:
    """The process for the orders of the page (``ops.exchange.desk.process``)."""
    return OrderProcess(
        "ops.exchange.desk.process",
        ShareResult,
        LIMIT_S,
        busy="Another package is being made; try again in a minute.",
        late=f"This took longer than {LIMIT_S:.0f} s; use `watchline share`.",
        broken="This could not be done",
    )
