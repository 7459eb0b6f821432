"""The task of one sector: claims its lease, runs its broker-side processes as a room, and gives it back.

It runs in a thread of a dask worker. Ingest, fusion and feeds are processes of their own, supervised as in
``watchline run``; they end when the worker ends, whatever ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, Self

from geo.errors import WatchlineError
from ops.cluster.leases.ended_tasks import note_ended
from ops.cluster.leases.lease_book import Lease, LeaseError, Superseded, Wish
from ops.cluster.leases.open_leases import open_leases
from ops.cluster.machines import here
from ops.cluster.workers.task import SectorTask as SectorTask
from ops.cluster.workers.worker_process import spares
from ops.postgres.address import StoreAddress, missing_packages
from ops.postgres.note import remember
from ops.room.room import Room, RoomError
from ops.runtime.files.fence import stored_fence
from ops.runtime.output import say_in_english

if TYPE_CHECKING:
    from ops.cluster.machines.carried import CarriedFiles

BEAT_EVERY_S: Final = 0.5
LOCKED_S: Final = 10.0
"""How long the folder of a sector may stay locked by a holder before, whose processes have just been killed."""
STOP_S: Final = 30.0
ALONE_S: Final = 10.0
"""A holder that cannot reach the store for so long ends its processes: they could write nothing, but would still take
messages of the broker from those of the next holder."""

Ending = Literal["moved", "stopped", "lost"]


class PartGivenUp(WatchlineError):
    """A process of the sector ended again and again, and is not started any more: the whole sector does."""


def hold_sector(task: SectorTask, *, worker: str = "") -> Ending:
    """Run a sector until its lease is lost, or until it is to move or to stop; return which.

    ``worker`` is the address of the dask worker, by default of the one that runs this task. Raises WatchlineError when
    the sector cannot be run; its lease is given back then. A task that dask runs again, because the worker that ran it
    is lost, takes nothing from a later holder.
    """
    task = here.localised(task)
    carried = here.prepared(task)
    data = task.data
    above = max(stored_fence(data / "journal.db"), stored_fence(data / "store.db"))
    store = None if task.store is None else _StoreFence(task.store, task.name)
    if store is not None:
        above = max(above, store.stored())
    with open_leases(task.folder, task.store) as book:
        if _holder_stops(book.lease(task.name)):
            return "stopped"
        try:
            token = book.claim(task.name, worker or _worker_address(), above=above, newest=task.newest)
        except Superseded:
            return "lost"
        lease = book.lease(task.name)
        if lease is not None and lease.wish == "stop":  # since before this task began
            book.give_back(task.name, token)
            return "stopped"
    heart = Heart(task, token)
    try:
        if store is not None:
            store.lift(token)  # from now on the holder before commits nothing there
        if carried is not None:
            carried.take_along(token)
        return _run(task, token, heart, carried)
    finally:
        heart.stop()
        try:
            with open_leases(task.folder, task.store) as book:
                book.give_back(task.name, token)  # without effect on a lease that is another's
        except LeaseError:  # what the task returns counts, not that its lease is still there
            note_ended(task.folder, task.name, token)


def _holder_stops(lease: Lease | None) -> bool:
    """Whether a sector has a holder that runs and is to stop.

    It does so in order, with all that it received; a task that waited on a frozen worker until now must not end it.
    """
    return lease is not None and lease.wish == "stop" and any(one.running() for one in lease.processes)


class _StoreFence:
    """The number of a sector's lease in a store, whose password this process then knows."""

    def __init__(self, store: str, sector: str) -> None:
        try:
            from ops.postgres import fence
        except ImportError:
            raise missing_packages() from None
        self._module, self._address, self._sector = fence, StoreAddress(store), sector
        remember(self._address)

    def stored(self) -> int:
        return self._module.stored_fence(self._address, self._sector)

    def lift(self, token: int) -> None:
        self._module.raise_fence(self._address, self._sector, token)


def _worker_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


class Heart:
    """Beats for a lease in a thread of its own, so that a sector that takes long to open is not taken for lost."""

    def __init__(self, task: SectorTask, token: int) -> None:
        self._task, self._token = task, token
        self._stopping, self.live = threading.Event(), False
        self.room: Room | None = None
        self._wish: Wish | None = "hold"
        self._heard_s, self._alone = time.monotonic(), False
        self._threads = [
            threading.Thread(target=work, name=f"{name}-{task.name}", daemon=True)
            for name, work in (("lease", self._beat), ("guard", self._guard))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def wish(self) -> Wish | None:
        """Return what this holder is to do; None once the sector has another holder, whatever it may say later."""
        return None if self._alone else self._wish

    def _beat(self) -> None:
        task = self._task
        with open_leases(task.folder, task.store) as book:
            while self.wish is not None and not self._stopping.wait(BEAT_EVERY_S):
                pids = [] if self.room is None else [child.process.pid for child in list(self.room.children)]
                with suppress(LeaseError):  # a disk that is full: the supervisor judges by the beats
                    self._wish = book.beat(task.name, self._token, live=self.live, pids=pids)
                    self._heard_s = time.monotonic()

    def _guard(self) -> None:
        """End the processes of a lease that is lost, also while the store keeps the beat or the room waiting."""
        while not self._stopping.wait(BEAT_EVERY_S):
            if self._task.store is not None and time.monotonic() - self._heard_s > ALONE_S:
                self._alone = True
            if self.wish is None and self.room is not None:
                for child in list(self.room.children):
                    child.process.kill()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()


def _run(task: SectorTask, token: int, heart: Heart, carried: CarriedFiles | None) -> Ending:
    ahead = spares()
    with ExitStack() as stack:
        carrying = stack.enter_context(_Carrying(task, token, carried))
        with nullcontext() if ahead is None else ahead.starting():
            room = stack.enter_context(_opened(Room(task.options(token), spares=ahead)))
            heart.room = room
            try:
                room.listen()
            except WatchlineError:
                if heart.wish is None:
                    return "lost"
                raise
        while True:
            for message in room.restart_ended():
                _note(task, say_in_english(message))
            heart.live = room.failed() is None or (heart.live and room.ended() is None)
            if (given_up := room.given_up()) is not None:
                raise PartGivenUp(say_in_english(given_up))
            if task.store is not None:  # its feeds may be on another machine than the next holder, who cannot end them
                room.feeds.tell(held=True)
            carrying.look()
            if heart.wish is None:
                for child in room.children:
                    child.kill()
                return "lost"
            if heart.wish != "hold":
                room.ingest.stop(timeout_s=STOP_S)
                room.fusion.stop(timeout_s=STOP_S)
                return "moved" if heart.wish == "move" else "stopped"
            time.sleep(BEAT_EVERY_S)


class _Carrying:
    """Stores the files that go along with a sector, while it is held and at the end; a problem is noted once."""

    def __init__(self, task: SectorTask, token: int, carried: CarriedFiles | None) -> None:
        self._task, self._token, self._carried, self._problem = task, token, carried, ""

    def look(self, *, at_end: bool = False) -> None:
        """Store what has changed."""
        problem = ""
        try:
            if self._carried is not None:
                self._carried.keep(self._token, at_end=at_end)
        except WatchlineError as error:
            problem = str(error)
        if problem not in ("", self._problem):
            _note(self._task, problem)
        self._problem = problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.look(at_end=True)


@contextmanager
def _opened(room: Room) -> Iterator[Room]:
    """Open the room; the kernel may need a moment to release the locks of processes that have just been killed."""
    deadline = time.monotonic() + LOCKED_S
    while True:
        try:
            room.__enter__()
            break
        except RoomError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    try:
        yield room
    finally:
        room.__exit__(None, None, None)


def _note(task: SectorTask, sentence: str) -> None:
    """Add a sentence to the sector's log, if the disk has room; a worker has no console of its own."""
    with suppress(OSError), (task.data / "logs" / "sector.log").open("a") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {sentence}\n")
