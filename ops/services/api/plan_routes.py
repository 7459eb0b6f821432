"""Routes of the planner's page: editable layouts, coverage after an edit, and background jobs.

Edits are evaluated by a process that keeps the terrain and the coverage of each layout
(``ops.services.planner.worker``) and starts with the first request. Each job has its own process
(``ops.services.planner.jobs``). No route changes a file of the sector.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ops.services.api.schemas.geojson import GeoJson
from ops.services.api.schemas.pictures import PICTURE, Png
from ops.services.api.schemas.planning import (
    LayoutFile,
    PlanCoverage,
    PlanDifference,
    PlanJob,
    PlanJobs,
    PlanSetup,
    PlanViewshed,
)
from ops.services.planner.jobs import JobRefused, Jobs, start_worker

MOST_PICTURES: Final = 48
MOST_WAITING: Final = 4
"""Maximum number of requests that wait for the planner's process; more would block threads that alerts need."""
ANSWERS_WITHIN_S: Final = 90.0
IDLE_S: Final = 120.0
"""Time for which the process is kept after the last request."""
LayoutName = Annotated[str, Field(min_length=1, max_length=64)]
Token = Annotated[str, InPath(pattern=r"^[0-9a-f]{16}$")]
PLANNED: Final = "plan:"
"""Prefix of the name of a planned layout, followed by the name of its job."""
Planned = Callable[[str], Any]
REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The report, a page that is complete in itself", "content": {"text/html": {}}}
}
JobName = Annotated[str, InPath(pattern=r"^job-[0-9]{1,9}-[0-9a-f]{8}$")]


Target = Literal["person", "group", "vehicle"]
State = Literal["day", "night", "day,fog", "night,fog", "day,rain", "night,rain", "wind"]
"""Light and weather, as the comparison counts a year."""


class Edit(BaseModel):
    """New position, azimuth and name of a sensor; with ``item`` or ``copy_of`` it is added."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    lon: float | None = Field(default=None, ge=-180.0, le=180.0)
    lat: float | None = Field(default=None, ge=-90.0, le=90.0)
    azimuth_deg: float | None = Field(default=None, ge=-360.0, le=360.0)
    name: LayoutName | None = None
    item: LayoutName | None = None
    copy_of: LayoutName | None = None


class Edited(BaseModel):
    """A layout of the sector with edits by sensor id; null removes the sensor."""

    model_config = ConfigDict(extra="forbid")
    layout: LayoutName
    edits: dict[LayoutName, Edit | None] = Field(default_factory=dict, max_length=2000)

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process, with the document of a planned layout."""
        edits = {
            name: None if edit is None else edit.model_dump(exclude_none=True) for name, edit in self.edits.items()
        }
        return {"layout": self.layout, "edits": edits, "document": planned(self.layout)}


class CoverageOrder(Edited):
    """The coverage of an edited layout: of which target, in which light and weather, in which colours."""

    target: Target = "person"
    conditions: State = "day"
    palette: Literal["day", "night"] = "day"

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process."""
        case = {"target": self.target, "conditions": self.conditions, "palette": self.palette}
        return {"do": "coverage", **super().order(planned), **case}


class DifferenceOrder(BaseModel):
    """The gain and loss of coverage of one edited layout against another, for a target, in light and weather."""

    model_config = ConfigDict(extra="forbid")
    before: Edited
    after: Edited
    target: Target = "person"
    conditions: State = "day"
    palette: Literal["day", "night"] = "day"

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process."""
        case = {"target": self.target, "conditions": self.conditions, "palette": self.palette}
        return {"do": "difference", "before": self.before.order(planned), "after": self.after.order(planned), **case}


class ViewshedOrder(Edited):
    """The viewshed of one sensor of an edited layout, by its name there."""

    sensor: LayoutName
    target: Target = "person"

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process."""
        return {"do": "viewshed", **super().order(planned), "sensor": self.sensor, "target": self.target}


class JobOrder(BaseModel):
    """What every job is asked: the language and units of its report."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    language: str = Field(default="en", pattern=r"^[A-Za-z-]{2,16}$", description="of the report")
    units: Literal["metric", "nautical", "imperial"] = Field(default="metric", description="of the report")

    @property
    def report(self) -> dict[str, Any]:
        """The part of the order for the report."""
        return {"language": self.language, "units": self.units}


class CompareOrder(JobOrder):
    """A comparison of two layouts."""

    kind: Literal["compare"]
    layouts: list[Edited] = Field(min_length=2, max_length=2)
    budget: float | None = Field(default=None, gt=0.0)
    draws: int = Field(default=300, ge=2, le=5000)
    target: Target = "person"

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process."""
        layouts = [edited.order(planned) for edited in self.layouts]
        order = {"do": "compare", "layouts": layouts, "budget": self.budget, "draws": self.draws}
        return {**order, "target": self.target, **self.report}


class PlanOrder(JobOrder):
    """A plan of what to buy for a budget, extending ``start`` or from scratch."""

    kind: Literal["plan"]
    budget: float = Field(ge=0.0)
    objective: Literal["mean_probability", "worst_segment", "least_detection"] = "mean_probability"
    start: Edited | None = None
    seconds: float = Field(default=15.0, ge=1.0, le=120.0)
    target: Target = "person"
    conditions: State = "day"
    own_side: bool = Field(default=True, description="candidate sites on the own side of the border only")

    def order(self, planned: Planned) -> dict[str, Any]:
        """The order for the planner's process."""
        start = None if self.start is None else self.start.order(planned)
        order = {"do": "plan", "budget": self.budget, "objective": self.objective}
        case = {"target": self.target, "conditions": self.conditions, "own_side": self.own_side}
        return {**order, **case, "start": start, "seconds": self.seconds, **self.report}


class PlanRoutes:
    """Handlers of the planner's page and their processes; ``close`` ends the processes."""

    def __init__(self, sector: str, log: Path) -> None:
        self._sector, self._log = sector, log
        path = Path(sector)
        name = path.parent.name if path.name == "sector.toml" else path.stem
        self._sector_name = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:64]
        self._jobs = Jobs(sector, log)
        self._lock, self._turns = threading.Lock(), threading.BoundedSemaphore(MOST_WAITING)
        self._idle: threading.Timer | None = None
        self._worker: subprocess.Popen[str] | None = None
        self._setup: Any = None
        self._pictures: dict[str, bytes] = {}

    def add_to(self, app: FastAPI) -> None:
        """Add the routes; the handlers are synchronous functions, so they run in threads."""
        app.add_api_route("/api/plan/setup", self.setup, methods=["GET"], response_model=PlanSetup)
        app.add_api_route("/api/plan/coverage", self.coverage, methods=["POST"], response_model=PlanCoverage)
        app.add_api_route("/api/plan/difference", self.difference, methods=["POST"], response_model=PlanDifference)
        app.add_api_route("/api/plan/viewshed", self.viewshed, methods=["POST"], response_model=PlanViewshed)
        app.add_api_route(
            "/api/plan/layout", self.save, methods=["POST"], response_class=GeoJson, response_model=LayoutFile
        )
        app.add_api_route(
            "/api/plan/pictures/{token}.png", self.picture, methods=["GET"], response_class=Png, responses=PICTURE
        )
        app.add_api_route("/api/plan/jobs", self.jobs, methods=["GET"], response_model=PlanJobs)
        app.add_api_route("/api/plan/jobs", self.submit, methods=["POST"], status_code=202, response_model=PlanJob)
        app.add_api_route("/api/plan/jobs/{name}", self.job, methods=["GET"], response_model=PlanJob)
        app.add_api_route(
            "/api/plan/jobs/{name}/report", self.report, methods=["GET"], response_class=HTMLResponse, responses=REPORT
        )
        app.add_api_route("/api/plan/jobs/{name}/cancel", self.cancel, methods=["POST"], response_model=PlanJob)

    def close(self) -> None:
        """End the processes."""
        self._jobs.close()
        if self._worker is not None:
            self._worker.kill()  # a thread that waits for it is notified and releases the lock
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            self._end()

    def setup(self) -> JSONResponse:
        """Layouts with their sensors, the corners of the picture of coverage, border and legend."""
        with self._turn():
            if self._setup is None:
                self._setup = self._ask({"do": "setup"})
            return JSONResponse(self._setup)

    def coverage(self, body: CoverageOrder) -> JSONResponse:
        """Coverage of an edited layout: figures for the belt, costs, and the address of a picture."""
        return JSONResponse(self._with_picture(body.order(self._planned)))

    def difference(self, body: DifferenceOrder) -> JSONResponse:
        """What one layout covers more and less than another: areas, and the address of a picture."""
        return JSONResponse(self._with_picture(body.order(self._planned)))

    def viewshed(self, body: ViewshedOrder) -> JSONResponse:
        """The ground in line of sight of one sensor, by the fast method, while it is moved."""
        return JSONResponse(self._with_picture(body.order(self._planned)))

    def _with_picture(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an order, with the address of its picture; the latest pictures are kept."""
        with self._turn():
            answer = self._ask(order)
            token = secrets.token_hex(8)
            self._pictures[token] = base64.b64decode(answer.pop("picture"))
            while len(self._pictures) > MOST_PICTURES:
                self._pictures.pop(next(iter(self._pictures)))
        return {**answer, "picture": f"/api/plan/pictures/{token}.png"}

    def save(self, body: Edited) -> JSONResponse:
        """The edited layout as a layout file."""
        with self._turn():
            answer = self._ask({"do": "save", **body.order(self._planned)})
        return JSONResponse(answer, media_type="application/geo+json")

    def _planned(self, layout: str) -> Any:
        """The document of a planned layout, or of one of its front (``plan:job-1-9c41e07b.2``: the second); None for a
        layout of the sector, 422 if no plan has this name."""
        if not layout.startswith(PLANNED):
            return None
        name, _, number = layout.removeprefix(PLANNED).partition(".")
        job = self._jobs.get(name)
        plan = job.answer if job is not None and job.state == "done" else None
        if number and isinstance(plan, dict):
            front = plan.get("front", [])
            plan = front[int(number) - 1] if number.isdecimal() and 1 <= int(number) <= len(front) else None
        if not isinstance(plan, dict) or "layout" not in plan:
            raise HTTPException(422, "This plan is not kept any more; plan again.")
        return plan["layout"]

    def picture(self, token: Token) -> Response:
        """A picture of coverage; the latest are kept."""
        picture = self._pictures.get(token)
        if picture is None:
            raise HTTPException(404, "This picture is not kept any more.")
        return Response(picture, media_type="image/png")

    def jobs(self) -> JSONResponse:
        """All jobs, without their answers."""
        return JSONResponse({"jobs": [job.as_dict() | {"answer": None} for job in self._jobs.all()]})

    def submit(self, body: CompareOrder | PlanOrder) -> JSONResponse:
        """Queue a comparison of two layouts, or a plan for a budget."""
        try:
            return JSONResponse(self._jobs.submit(body.order(self._planned)).as_dict(), status_code=202)
        except JobRefused as refusal:
            raise HTTPException(429, str(refusal)) from None

    def job(self, name: JobName) -> JSONResponse:
        """One job, with its answer when it is done."""
        job = self._jobs.get(name)
        if job is None:
            raise HTTPException(404, f"There is no job {name}.")
        return JSONResponse(job.as_dict())

    def report(self, name: JobName) -> FileResponse:
        """The report of a job that is done, as a file: what ``watchline plan`` or ``watchline compare`` writes."""
        job = self._jobs.get(name)
        path = None if job is None or job.state != "done" else self._jobs.report_of(job)
        if job is None or path is None or not path.is_file():
            raise HTTPException(404, f"There is no report of {name}.")
        kind = job.order["do"]
        return FileResponse(path, media_type="text/html", filename=f"watchline-{kind}-{self._sector_name}-{name}.html")

    def cancel(self, name: JobName) -> JSONResponse:
        """Cancel a job that is not done."""
        job = self._jobs.cancel(name)
        if job is None:
            raise HTTPException(404, f"There is no job {name}.")
        return JSONResponse(job.as_dict())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Admit one request at a time; 429 if too many are waiting."""
        if not self._turns.acquire(blocking=False):
            raise HTTPException(429, "The planner is busy; ask again in a moment.")
        try:
            with self._lock:
                yield
                if self._idle is not None:
                    self._idle.cancel()
                self._idle = threading.Timer(IDLE_S, self._rest)
                self._idle.daemon = True
                self._idle.start()
        finally:
            self._turns.release()

    def _rest(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, order: Mapping[str, Any]) -> Any:
        """The worker's answer; 422 with its sentence if it refuses, 503 if it has ended."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = start_worker(self._sector, self._log)
        worker = self._worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        patience = threading.Timer(ANSWERS_WITHIN_S, worker.kill)
        patience.daemon = True
        patience.start()
        try:
            worker.stdin.write(json.dumps(order) + "\n")
            worker.stdin.flush()
            for line in worker.stdout:
                message = json.loads(line)
                if "answer" in message:
                    return message["answer"]
                if "refused" in message:
                    raise HTTPException(422, str(message["refused"]))
        except (OSError, ValueError):
            pass  # the process has ended, which is reported below
        finally:
            patience.cancel()
        self._end()
        raise HTTPException(
            503, "The planner's process has ended, its log on the server says why; ask again, and it starts again."
        )

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
            self._worker = None
