"""Each part of a running room is killed: it comes back, and meanwhile health says which part does not work."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ops.journal.writer import Journal
from ops.room.room import START_TIMEOUT_S, Room, RoomOptions
from ops.runtime.processes.child_process import ChildFailed
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.pipeline import Pipeline
from ops.store.writer import Store
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]


def until(true: Callable[[], object], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)  # as it was found: a second look may find it otherwise


@pytest.fixture(scope="module")
def room(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    layout = str(hill_sector.sector.parent / "layout.geojson")
    with Room(RoomOptions(str(hill_sector.sector), "hills", layout, folder, local_operator="test")) as opened:
        opened.listen()
        opened.serve()
        assert until(lambda: health(opened)[0] == 200)
        yield opened


def health(room: Room) -> tuple[int, dict[str, Any]]:
    """Status and body, after a round of the supervisor; status 0 while nothing answers."""
    room.restart_ended()
    return answer_of(room)


def answer_of(room: Room) -> tuple[int, dict[str, Any]]:
    """Status and body of ``/api/health``; status 0 while nothing answers."""
    try:
        answer = httpx.get(f"{room.address}api/health", timeout=PATIENT_S)
    except httpx.HTTPError:
        return 0, {}
    return answer.status_code, answer.json()


def not_ready(room: Room) -> dict[str, str]:
    """The parts that ``/readyz`` names, each with its sentence."""
    answer = httpx.get(f"{room.address}readyz", timeout=PATIENT_S)
    body = answer.json()
    assert (answer.status_code == 200) is body["ready"]
    assert httpx.get(f"{room.address}healthz", timeout=PATIENT_S).json() == {"alive": True}
    return {part["part"]: part["sentence"] for part in body["parts"] if not part["ready"]}


def is_ready(room: Room) -> bool:
    """Whether every part works, once the room has looked, as it does each second."""
    room.restart_ended()
    return not_ready(room) == {}


def test_a_room_whose_store_is_of_other_segments_ends_with_what_to_do(own_sector: Any, tmp_path: Path) -> None:
    """As after a change of ``segment_length_m``: no part is started again and again."""
    ground, folder = open_sector(load_sector(own_sector.sector)), tmp_path / "data"
    folder.mkdir()
    with Journal(folder / "journal.db") as journal:
        journal.tick(10**18)
        with closing(Store(folder / "store.db")) as store:
            store.commit(journal.last_id(), stamp_ns=10**18, checkpoint=Pipeline(ground).save())
    file = own_sector.sector
    file.write_text(file.read_text().replace("segment_length_m = 500", "segment_length_m = 250"))
    options = RoomOptions(str(file), "hills", str(file.parent / "layout.geojson"), folder, local_operator="test")
    remedy = r"belongs to another border;.* stop Watchline, move store\.db and store\.db-\* away"
    with Room(options) as room, pytest.raises(ChildFailed, match=remedy):
        room.listen()


def test_ingest_waits_for_the_rooms_own_broker_as_long_as_a_part_may_take(room: Room) -> None:
    """On a busy machine both are slow, and an ingest that gave up would end the start of the room."""
    assert f"--wait-s={START_TIMEOUT_S}" in room.ingest._arguments


@pytest.mark.parametrize("name", ["broker", "ingest", "fusion"])
def test_a_killed_part_is_named_by_health_and_comes_back(room: Room, name: str) -> None:
    child = room._broker.child if name == "broker" else getattr(room, name)  # type: ignore[union-attr]
    child.kill()
    assert until(lambda: room.parts()[name] is not None)
    room.restart_ended()  # the next round would find a broker that works again, which takes less than a request
    seen: list[dict[str, Any]] = []

    def named() -> bool:
        code, body = answer_of(room)
        seen.append(body)
        return code == 503 and body.get("status") == "down" and body["parts"][name] != "ok"

    assert until(named), seen[-1]
    assert not_ready(room)[name].startswith(f"{name} ended with code -9.")
    metrics = httpx.get(f"{room.address}metrics", timeout=PATIENT_S).text
    assert 'watchline_part_up{part="ingest"}' in metrics
    assert until(lambda: health(room)[0] == 200), health(room)
    assert until(lambda: set(health(room)[1].get("parts", {}).values()) == {"ok"}), health(room)
    assert until(lambda: is_ready(room)), not_ready(room)


def test_frozen_feeds_are_named_by_health_until_they_work_again(room: Room) -> None:
    """They run, and had been *ok* while a distress call waited in them."""
    assert room._broker is not None
    for part in (room._broker.child, room.ingest, room.fusion, room.feeds):
        part.wait_for("alive", timeout_s=PATIENT_S)
    frozen = room.feeds.process
    frozen.send_signal(signal.SIGSTOP)
    try:
        assert until(lambda: health(room)[1].get("codes", {}).get("feeds") == "silent")
        status, body = answer_of(room)
        assert (status, body["status"]) == (503, "down")
        assert body["parts"]["feeds"] == "has given no sign of life for 15 s"
        assert not_ready(room)["feeds"] == "has given no sign of life for 15 s."
    finally:
        frozen.send_signal(signal.SIGCONT)
    assert until(lambda: health(room)[0] == 200), health(room)


def test_a_killed_map_is_not_ready_until_it_is_started_again(room: Room) -> None:
    """Killed until it is named: one that has run for some seconds is started again at once, one that has not, later."""

    def map_process() -> psutil.Process | None:
        for child in psutil.Process(room.api.process.pid).children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if "ops.services.map.process" in child.cmdline():
                    return child
        return None

    room.show_map(True)

    def named() -> str:
        if (found := map_process()) is not None:
            with suppress(psutil.NoSuchProcess):
                found.kill()
        return not_ready(room).get("map", "")

    assert until(map_process)
    sentences: list[str] = []
    assert until(lambda: sentences.append(named()) or sentences[-1]), "the map was never named"
    assert sentences[-1].startswith("map ended with code -9.")
    assert until(lambda: httpx.get(f"{room.address}api/layers", timeout=PATIENT_S).status_code == 200)
    assert until(lambda: is_ready(room)), not_ready(room)


def test_a_fusion_that_hangs_is_not_ready(room: Room) -> None:
    """It is a process that works, but its picture grows old."""
    process = psutil.Process(room.fusion.process.pid)
    process.suspend()
    try:
        assert until(lambda: "picture" in not_ready(room))
        assert httpx.get(f"{room.address}api/health", timeout=PATIENT_S).json()["status"] == "stale"
    finally:
        process.resume()
    assert until(lambda: is_ready(room)), not_ready(room)


def test_the_api_comes_back_at_its_address_and_the_supervisor_does_not_end_with_it(room: Room) -> None:
    address = room.address
    room.api.kill()
    assert until(lambda: health(room)[0] == 200)
    assert room.address == address


def test_half_open_requests_harm_neither_the_supervisor_nor_a_page(room: Room) -> None:
    """More of them than the API keeps connections, and a part that must be started meanwhile."""
    port = int(str(room.address).rsplit(":", 1)[1].strip("/"))
    with ExitStack() as stack:
        for _ in range(600):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S))
            half.sendall(b"GET / HTTP/1.1\r\nHost: ")
        room.ingest.kill()
        assert until(lambda: room.parts()["ingest"] is not None)
        room.restart_ended()  # reports the end; a further round may find ingest at work again
        assert until(lambda: answer_of(room)[0] == 503)
        assert until(lambda: health(room)[0] == 200)
        stream = f"{room.address}api/stream?page={'0' * 16}"
        with httpx.stream("GET", stream, timeout=PATIENT_S) as answer:
            assert answer.status_code == 200
            assert next(answer.iter_lines()).startswith("retry:")


PARTS = {"ops.services.fusion.process", "ops.broker.broker", "ops.room.simulator"}


def test_a_demonstration_survives_its_parts_and_writes_its_report(hill_sector: Any, tmp_path: Path) -> None:
    """It ends by a signal, once all of them work again, however long that takes."""
    folder, told = tmp_path / "demo", tmp_path / "told"
    command = [sys.executable, "-m", "ops.cli", "demo", str(hill_sector.sector), f"--out={folder}"]
    command += ["--duration=3600", "--headless", "--json"]
    with told.open("wb") as words:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, text=True)
    journal, simulator = folder / "journal.db", folder / "night.started"
    assert until(lambda: (folder / "logs" / "api.log").exists() and journal.exists() and simulator.exists())
    killed = set()
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # of others, which may end by themselves meanwhile
            words = child.cmdline() if child.status() != psutil.STATUS_ZOMBIE else []
            for name in PARTS & set(words):
                child.kill()
                killed.add(name)
    assert killed == PARTS
    names = ("fusion", "broker", "simulator")

    def all_run_again() -> bool:
        printed = told.read_text(errors="replace")
        return all(f"{name} is running again" in printed for name in names)

    assert until(all_run_again), told.read_text()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENT_S)
    err = told.read_text()
    assert process.returncode == 0, err
    assert json.loads(out)["balanced"] is True
    assert (folder / "report.html").stat().st_size > 10_000
    for name in names:
        assert f"{name} ended with code -9" in err
