"""The route that exports what is shown as a file: a disclosure, with a purpose, limits and a marking.

A process of its own makes the file (``ops.export.process``), one at a time. The audit log records purpose, contents,
numbers of records and the hash of the file before the first byte is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.analysis.handover.period import ReportPeriod
from ops.audit.purposes import purpose_of
from ops.export.process import ExportResult
from ops.export.request import ENDINGS, LAYERS, MEDIA_TYPES, ExportFormat, ExportRequest, bounds_of, layers_of
from ops.runtime.files.scratch_folder import ScratchFolder
from ops.services.api.login.routes import person_of
from ops.services.api.order_process import OrderProcess
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.services.api.reports.handover_routes import ReportedSector
from ops.store.rows import rfc3339, time_ns
from sensors.timestamps import utc_datetime

LIMIT_S: Final = 120.0
"""Time after which the process of an export is ended."""
DEFAULT_PERIOD: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ExportedGround:
    """What exports need of the sector: the WKT of its frame, and the border as GeoJSON; None where not known."""

    frame: str = ""
    border: Mapping[str, Any] | None = None


class ExportRoutes:
    """The handler; ``ground`` is asked at each export."""

    def __init__(
        self,
        store: Path,
        sector: ReportedSector,
        ground: Callable[[], ExportedGround],
        *,
        now_ns: Callable[[], int],
        recorder: Recorder,
        release: Release,
    ) -> None:
        self._release = release
        self._store, self._sector, self._ground = store, sector, ground
        self._now_ns, self._recorder = now_ns, recorder
        self._process = OrderProcess(
            "ops.export.process",
            ExportResult,
            LIMIT_S,
            busy="Another export is being made; try again in a minute.",
            late=f"The export took longer than {LIMIT_S:.0f} s; select a shorter period or a smaller area.",
            broken="The file could not be made",
        )

    def add_to(self, app: FastAPI) -> None:
        """Add the route."""
        answers: dict[int | str, dict[str, Any]] = {
            200: {
                "description": "The file",
                "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
            }
        }
        app.add_api_route("/v1/export", self.export, methods=["GET"], response_class=Response, responses=answers)

    def export(
        self,
        request: Request,
        file_format: Annotated[ExportFormat, Query(alias="format")] = "gpkg",
        layers: Annotated[str, Query(max_length=200, description=f"of {', '.join(LAYERS)}")] = ",".join(LAYERS),
        bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees")] = None,
        start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
        until: Annotated[str | None, Query(max_length=40)] = None,
        purpose: Annotated[str | None, Query(max_length=200)] = None,
        header: Annotated[str | None, Header(alias="Purpose")] = None,
    ) -> Response:
        """Export layers of an area and a period, by default of the last hour, as GeoPackage, GeoParquet, CSV or KML.

        The purpose must be stated, in the header ``Purpose`` or the parameter ``purpose``.
        """
        stated = _stated(purpose if header is None else header)
        ground = self._ground()
        period = self._period(start, until)
        folder = ScratchFolder("watchline-export-")
        try:
            wanted = ExportRequest(
                store=str(self._store.absolute()),
                out=str(folder.path / f"export{ENDINGS[file_format]}"),
                format=file_format,
                layers=layers_of(layers),
                start_ns=period.start_ns,
                end_ns=period.end_ns,
                made_ns=self._now_ns(),
                sector=self._sector.name,
                made_by=person_of(request).name,
                purpose=stated,
                marking=self._sector.settings.marking,
                bounds=None if bbox is None else bounds_of(bbox),
                frame=ground.frame,
                segments=None if ground.border is None else dict(ground.border),
                release=self._release.settings,
                limit=person_of(request).releasability,
                goods_codes=str(self._sector.goods.path or ""),
            )
            result = self._process.ask(wanted)
            path = Path(wanted.out)
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            self._recorder.note(request, _subject(wanted, result, digest), purpose=stated, operation="disclosure")
        except BaseException:
            folder.close()
            raise
        name = f"{self._sector.name}-{period.start:%Y%m%dT%H%MZ}-{period.end:%Y%m%dT%H%MZ}{ENDINGS[file_format]}"
        return FileResponse(
            path,
            media_type=MEDIA_TYPES[file_format],
            filename=name,
            headers={"X-Watchline-Sha256": digest},
            background=BackgroundTask(folder.close),
        )

    def _period(self, start: str | None, until: str | None) -> ReportPeriod:
        end = utc_datetime(self._now_ns() if until is None else time_ns(until, where="until"))
        return ReportPeriod(end - DEFAULT_PERIOD if start is None else utc_datetime(time_ns(start, where="from")), end)


def _stated(purpose: str | None) -> str:
    if purpose is None:
        raise BadInput("No purpose is stated", where="purpose", expected="the header Purpose or the parameter purpose")
    try:
        return purpose_of("", purpose)
    except BadInput:
        raise HTTPException(422, "The purpose takes 3 to 200 printable ASCII characters.") from None


def _subject(wanted: ExportRequest, result: ExportResult, digest: str) -> str:
    counts = ", ".join(f"{count} {layer}" for layer, count in result.counts.items())
    area = "" if wanted.bounds is None else f", bbox {','.join(f'{value:g}' for value in wanted.bounds)}"
    span = f"{rfc3339(wanted.start_ns)} to {rfc3339(wanted.end_ns)}"
    return f"export as {wanted.format}: {counts}, {span}{area}, SHA-256 {digest}"
