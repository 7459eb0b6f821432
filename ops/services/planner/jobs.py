"""Background jobs of the planner: queued, one at a time, each in its own process, with progress and cancel."""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, Literal

from geo.errors import WatchlineError
from geo.message import Message
from ops.runtime.files.scratch_folder import ScratchFolder
from ops.runtime.output import say_in_english
from ops.runtime.processes.child_process import module_command

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
MOST_WAITING: Final = 8
MOST_KEPT: Final = 32
ENDS_WITHIN_S: Final = 5.0


class JobRefused(WatchlineError):
    """The job is not accepted; ``message`` gives the reason, also as a sentence."""

    def __init__(self, message: Message) -> None:
        super().__init__(say_in_english(message))
        self.message = message


@dataclass
class PlannerJob:
    """A background job; ``answer`` when done, ``problem`` (a sentence) and its ``message`` when failed."""

    id: str
    order: Mapping[str, Any]
    state: JobState = "queued"
    doing: str = ""
    done: int = 0
    total: int = 0
    answer: Any = None
    problem: str = ""
    message: Message | None = None
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The job as the page receives it."""
        kept = ("id", "state", "doing", "done", "total", "answer", "problem")
        message = None if self.message is None else {"id": self.message.id, "parameters": dict(self.message.parameters)}
        return {name: getattr(self, name) for name in kept} | {"message": message, "kind": self.order.get("do")}


def start_worker(sector: str, log: Path) -> subprocess.Popen[str]:
    """Start a planner's process (``ops.services.planner.worker``) that reads orders from stdin and ends as soon as
    stdin closes, also in the middle of an order."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as errors:
        return subprocess.Popen(
            module_command("ops.services.planner.worker", sector),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )


class Jobs:
    """A queue of jobs and the thread that runs them; ``close`` cancels the jobs and removes their reports."""

    def __init__(self, sector: str, log: Path) -> None:
        self._sector, self._log = sector, log
        self._changed = threading.Condition()
        self._jobs: dict[str, PlannerJob] = {}
        self._waiting: deque[PlannerJob] = deque()
        self._closed, self._count = False, 0
        self._start = secrets.token_hex(4)  # so that a page that outlives this server names no later job by chance
        self._thread: threading.Thread | None = None
        self._reports = ScratchFolder("watchline-plan-")

    def report_of(self, job: PlannerJob) -> Path:
        """Where the job writes its report."""
        return self._reports.path / job.id / "report.html"

    def submit(self, order: Mapping[str, Any]) -> PlannerJob:
        """Queue a job; JobRefused if too many are waiting."""
        with self._changed:
            if self._closed:
                raise JobRefused(Message("planner-refused-closing"))
            if len(self._waiting) >= MOST_WAITING:
                raise JobRefused(Message("planner-refused-full", {"count": MOST_WAITING}))
            self._count += 1
            job = PlannerJob(f"job-{self._count}-{self._start}", order)
            self._jobs[job.id] = job
            self._waiting.append(job)
            over = [name for name, one in self._jobs.items() if one.state not in ("queued", "running")]
            for name in over[: max(len(self._jobs) - MOST_KEPT, 0)]:
                rmtree(self.report_of(self._jobs.pop(name)).parent, ignore_errors=True)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="plan-jobs", daemon=True)
                self._thread.start()
            self._changed.notify()
            return job

    def get(self, name: str) -> PlannerJob | None:
        with self._changed:
            return self._jobs.get(name)

    def all(self) -> list[PlannerJob]:
        with self._changed:
            return list(self._jobs.values())

    def cancel(self, name: str) -> PlannerJob | None:
        """Cancel a job, immediately if it is running; a finished job is unchanged."""
        with self._changed:
            job = self._jobs.get(name)
            if job is not None and job.state in ("queued", "running"):
                job.state = "cancelled"
                if job in self._waiting:
                    self._waiting.remove(job)
                if job.process is not None:
                    job.process.kill()
            return job

    def close(self) -> None:
        """Cancel all jobs and wait for the thread."""
        with self._changed:
            self._closed = True
            running = [job.id for job in self._jobs.values() if job.state in ("queued", "running")]
        for name in running:
            self.cancel(name)
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=ENDS_WITHIN_S)
        self._reports.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job = self._waiting.popleft()
                job.state = "running"
            self._work_off(job)

    def _work_off(self, job: PlannerJob) -> None:
        process = start_worker(self._sector, self._log)
        with self._changed:
            job.process = process
            if job.state == "cancelled":
                process.kill()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**job.order, "report": str(self.report_of(job))}) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                self._hear(job, json.loads(line))
                if job.state != "running":
                    break
        except (OSError, ValueError):
            pass  # the process has ended, which is handled below
        finally:
            process.kill()
            process.wait()
            with self._changed:
                job.process = None
                if job.state == "running":
                    message = Message("planner-failed-no-answer")
                    job.state, job.problem, job.message = "failed", say_in_english(message), message

    def _hear(self, job: PlannerJob, message: Mapping[str, Any]) -> None:
        with self._changed:
            if job.state != "running":
                return
            if "answer" in message:
                job.state, job.answer, job.done = "done", message["answer"], job.total
            elif "refused" in message:
                job.state, job.problem = "failed", str(message["refused"])
            else:
                job.doing = str(message.get("doing", ""))
                job.done, job.total = int(message.get("done", 0)), int(message.get("total", 0))
