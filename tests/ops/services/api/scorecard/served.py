"""A server over a worked night and the files of a sector, for the tests of the scorecard's pages and routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ops.audit.log import AuditLog
from ops.sector.samples import samples_folder
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from tests.ops.analysis.handover.night import worked_night
from tests.ops.incidents.making import SECOND, START_NS
from tests.patience import PATIENT_S

CUMBERLAND = samples_folder() / "cumberland"
MARKING = "RESTRICTED « A »"


class Served:
    """A running server: its address, a client and its audit log."""

    def __init__(self, address: str, client: httpx.Client, log: AuditLog) -> None:
        self.address, self.client, self.log = address, client, log

    def get(self, path: str, **query: Any) -> httpx.Response:
        """The answer of a route."""
        return self.client.get(path, params=query)


@contextmanager
def served(
    folder: Path, *, demo: bool, sector: Path | None = CUMBERLAND, pages: Path | None = None
) -> Iterator[Served]:
    """Serve the night of ``worked_night`` as that of a sector; its day is 2026-03-20. ``pages``: the front end."""
    night, _ = worked_night(folder)
    log = AuditLog(folder / "audit")
    settings = ApiSettings(
        "cumberland", operator="Ana Keller", pages=pages or folder / "not-built", demo=demo,
        sector_file=None if sector is None else str(sector), reports=ReportSettings(marking=MARKING),
    )  # fmt: skip
    app = create_app(
        night.store.path, settings, act=lambda _: None, now_ns=lambda: START_NS + 3600 * SECOND, access_log=log
    )
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, headers={"Origin": address}, timeout=PATIENT_S) as client:
            yield Served(address, client, log)
    log.close()
    night.store.close()
