"""dask's pages about a cluster: they name sectors and workers, other hosts cannot read them, and they ask none."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
from bokeh.client import pull_session
from bokeh.models import ColumnDataSource
from dask.utils import key_split

from geo.errors import BadInput
from ops.cluster.dashboard.address import dashboard_port
from ops.cluster.dashboard.pages import MOST_PLOTS, PLOTS
from ops.cluster.leases.lease_book import LeaseBook
from ops.cluster.supervisor.cluster import Cluster, task_key
from ops.cluster.workers.sector_task import SectorTask
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.api.serving.local_port import listen
from tests.patience import PATIENT_S

SECTORS = {"west": "west", "east-2": "east_2"}
"""Name of each sector, and what dask calls its task."""
LISTS = ["/info/main/workers.html", "/info/main/logs.html", "/info/main/exceptions.html"]


@dataclass
class Served:
    """A cluster that runs, with its dashboard."""

    port: int
    data: Path
    said: Path

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENT_S)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def page(self, path: str) -> str:
        """The text of a page; of one with plots, once fewer are open than may be."""
        deadline = time.monotonic() + PATIENT_S
        while (found := self.get(path))[0] == 503:
            assert time.monotonic() < deadline, path
            time.sleep(0.5)
        status, _, text = found
        assert status == 200, path
        return text

    def holders(self) -> dict[str, str]:
        """The worker of each sector that is live."""
        with LeaseBook(self.data) as book:
            return {one.sector: one.holder for one in book.leases() if one.holder and one.live_ns is not None}

    def sectors_by_worker(self) -> dict[str, set[str]]:
        """The live sectors of each worker that has any."""
        found: dict[str, set[str]] = {}
        for sector, holder in self.holders().items():
            found.setdefault(holder, set()).add(sector)
        return found

    def all_pages(self) -> list[str]:
        workers = [quote_plus(one) for one in set(self.holders().values())]
        tasks = {
            key for one in workers for key in re.findall(r"/task/([^\"]+)\.html", self.page(f"/info/worker/{one}.html"))
        }
        of_workers = [f"/info/{kind}/{one}.html" for kind in ("worker", "logs", "call-stacks") for one in workers]
        of_tasks = [f"/info/{kind}/{one}.html" for kind in ("task", "call-stack") for one in tasks]
        return ["/status", "/workers", "/tasks", "/system", "/graph", "/groups", *LISTS, *of_workers, *of_tasks]


def write_nation(folder: Path, make_sector: Callable[[Path], Any]) -> Path:
    """Two sectors, side by side."""
    for name, part in zip(SECTORS, (slice(0, 11), slice(10, None)), strict=True):
        files = make_sector(folder / name)
        files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
        border = json.loads(files.border.read_text())
        line = border["features"][0]["geometry"]
        line["coordinates"] = line["coordinates"][part]
        files.border.write_text(json.dumps(border))
    (folder / "nation.toml").write_text(f'name = "north"\nsectors = {list(SECTORS)}\n')
    return folder / "nation.toml"


@pytest.fixture(scope="module")
def served(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two sectors on two workers, run by the command, in an environment that names another host for bokeh's scripts."""
    folder, reserved = tmp_path_factory.mktemp("dashboard"), ReservedPort()
    one = Served(reserved.number, folder / "data", folder / "said.log")
    words = ["cluster", "run", write_nation(folder, make_sector), "--data", one.data, "--dashboard", one.port]
    with one.said.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.cli", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=os.environ | {"BOKEH_RESOURCES": "cdn"},
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENT_S
        while not one.data.exists() or one.holders().keys() != SECTORS.keys():
            assert process.poll() is None, one.said.read_text()
            assert time.monotonic() < deadline, one.said.read_text()
            time.sleep(0.2)
        yield one
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENT_S) == 0, one.said.read_text()
        with pytest.raises(ConnectionRefusedError):
            one.get("/status")
    finally:
        process.kill()
        process.wait()
        reserved.release()


@pytest.mark.chain
@pytest.mark.broker
class TestPages:
    """Of a cluster that runs."""

    def test_the_address_is_said_once_it_answers(self, served: Served):
        assert f"Dask dashboard: http://127.0.0.1:{served.port}/status" in served.said.read_text()
        assert "Dask" in served.page("/status")

    def test_the_page_of_each_worker_names_the_sectors_that_it_holds(self, served: Served):
        """On a busy machine a sector may be given to another worker meanwhile, for the second time; until it is live
        there, neither names it."""
        deadline, named, held = time.monotonic() + PATIENT_S, dict[str, set[str]](), dict[str, set[str]]()
        while named != held or set().union(*named.values()) != set(SECTORS):
            assert time.monotonic() < deadline, (named, held)
            time.sleep(0.5)
            named, held = self.named_by_worker(served), served.sectors_by_worker()

    @staticmethod
    def named_by_worker(served: Served) -> dict[str, set[str]]:
        """The sectors that the page of each listed worker names."""
        listed = re.findall(r">(tls://[^<]+)</a>", served.page("/info/main/workers.html"))
        pages = {worker: served.get(f"/info/worker/{quote_plus(worker)}.html") for worker in listed}
        return {
            worker: found
            for worker, (_, _, text) in pages.items()
            if (found := {name for name, shown in SECTORS.items() if re.search(rf">{shown}-\d+-\d+</a>", text)})
        }

    def test_the_progress_of_tasks_names_the_sectors(self, served: Served):
        deadline = time.monotonic() + PATIENT_S
        names: set[str] = set()
        while not names.issuperset(SECTORS.values()):
            assert time.monotonic() < deadline, names
            with (
                suppress(OSError),  # it has not answered in time
                pull_session(url=f"http://127.0.0.1:{served.port}/individual-progress") as session,
            ):
                sources = [one for one in session.document.models if isinstance(one, ColumnDataSource)]
                names = {str(name) for one in sources for name in one.data.get("name", ())}

    def test_no_page_names_another_host_or_a_password(self, served: Served):
        password = urlsplit((served.data / "broker.url").read_text().strip()).password
        assert password
        for path in served.all_pages():
            text = served.page(path)
            assert password not in text, path
            assert not re.findall(r"""(?:href|src)=["'](?:https?:)?//[^"']*""", text), path
            assert set(re.findall(r"https?://([\w.-]+)", text)) <= {"127.0.0.1"}, path

    def test_every_entry_of_the_menu_is_a_page(self, served: Served):
        menu = set(re.findall(r"<a href=\"([\w-]+)\">", served.page("/status")))
        assert menu - {"info"} < {path.strip("/") for path in PLOTS}
        assert menu > {"info", "status", "workers", "tasks", "system", "graph", "groups", "individual-progress"}

    def test_plots_beyond_a_limit_are_not_opened_and_lists_are(self, served: Served):
        with ExitStack() as stack:
            deadline = time.monotonic() + PATIENT_S
            opened = 0
            while opened < MOST_PLOTS:
                assert time.monotonic() < deadline, opened
                with suppress(OSError):  # it has not answered in time
                    stack.enter_context(pull_session(url=f"http://127.0.0.1:{served.port}/individual-cpu"))
                    opened += 1
            assert served.get("/status")[0] == 503
            assert served.get(LISTS[0])[0] == 200
        assert served.page("/status")

    def test_scripts_and_styles_are_served_from_here(self, served: Served):
        asked = re.findall(r"""(?:href|src)=["']([^"']+\.(?:js|css)[^"']*)["']""", served.page("/status"))
        assert any("bokeh" in one for one in asked)
        for one in asked:
            assert len(served.page(f"/{one.lstrip('/')}")) > 100
        policy = served.get(LISTS[0])[1]["Content-Security-Policy"]
        assert policy.startswith("default-src 'self' ")
        assert "http" not in policy

    @pytest.mark.parametrize(
        ("status", "headers"),
        [
            (421, {"Host": "evil.example:8787"}),
            (421, {"Host": "127.0.0.1.evil.example"}),
            (403, {"Origin": "http://evil.example"}),
            (403, {"Origin": "null"}),
            (200, {"Host": "localhost:9000", "Origin": "http://localhost:9000"}),
        ],
        ids=["another name", "a name like it", "another page", "a page without an origin", "through a tunnel"],
    )
    def test_a_page_of_another_origin_reads_nothing(self, served: Served, status: int, headers: dict[str, str]):
        for path in ("/static/js/bokeh.min.js", LISTS[0], "/statics/css/base.css"):
            assert served.get(path, **headers)[0] == status, path

    def test_a_page_of_another_origin_opens_no_stream_and_one_through_a_tunnel_does(self, served: Served):
        stream = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        stream["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        token = re.search(r'"token":"([^"]+)"', served.page("/individual-progress"))
        assert token is not None
        stream["Sec-WebSocket-Protocol"] = f"bokeh, {token[1]}"
        assert served.get("/individual-progress/ws", Origin="http://evil.example", **stream)[0] == 403
        with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENT_S) as tunnel:
            headers = {"Host": "localhost:9000", "Origin": "http://localhost:9000", **stream}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            tunnel.sendall(f"GET /individual-progress/ws HTTP/1.1\r\n{lines}\r\n".encode())
            with tunnel.makefile("rb") as answer:
                assert answer.read(12) == b"HTTP/1.1 101"

    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/retire_workers",
            "/proxy/1/127.0.0.1/status",
            "/metrics",
            "/hardware",
            "/profile",
            "/json/identity.json",
        ],
    )
    def test_nothing_else_of_dask_is_served(self, served: Served, path: str):
        assert served.get(path)[0] == 404


def test_workers_serve_no_pages_and_the_scheduler_none_without_the_option(tmp_path: Path):
    """dask serves them wherever bokeh is installed."""
    nowhere = tmp_path / "missing"
    task = SectorTask(sector=nowhere, name="hills", layout=nowhere, folder=tmp_path, broker="mqtt://127.0.0.1:1")
    with Cluster([task], 1) as cluster:
        untyped: Any = cluster
        scheduler = untyped._local.scheduler
        ports = [scheduler.http_server.port, *(one.services["dashboard"] for one in scheduler.workers.values())]
        assert len(ports) == 2
        for port in ports:
            assert Served(port, tmp_path, tmp_path).get("/status")[0] == 404


@pytest.mark.parametrize("text", ["8787", "127.0.0.1:8787", "localhost:8787"])
def test_a_port_of_this_machine_is_taken(text: str):
    assert dashboard_port(text) == 8787


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.10", "[::]", "[::1]", "0", "dask.example", "127.0.0.1.example"])
def test_another_address_is_refused_with_the_way_from_other_machines(
    host: str, hill_sector: Any, tmp_path: Path, watchline: Callable[..., Any]
):
    ended = run_with(f"{host}:8787", hill_sector, tmp_path, watchline)
    assert ended.code == 2
    assert ended.err.replace("\n", " ").strip() == (
        f"watchline: --dashboard: {host} is not 127.0.0.1, and the pages of dask have no login;"
        " expected 127.0.0.1:8787, which other machines reach through an SSH tunnel."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "８７８７", ":8787", "127.0.0.1:", "127.0.0.1:x", "9" * 40])
def test_what_is_no_port_is_refused(text: str):
    with pytest.raises(BadInput, match=r"^--dashboard: .* is not a port; expected PORT or 127\.0\.0\.1:PORT\.$"):
        dashboard_port(text)


def run_with(text: str, hill_sector: Any, folder: Path, watchline: Callable[..., Any]) -> Any:
    nation = folder / "nation.toml"
    nation.write_text(f'name = "north"\nsectors = ["{hill_sector.sector}"]\n')
    return watchline("cluster", "run", nation, "--data", folder / "data", "--duration", 1, "--dashboard", text)


def test_a_port_in_use_is_refused_before_anything_starts(
    hill_sector: Any, tmp_path: Path, watchline: Callable[..., Any]
):
    with listen(0) as taken:
        port = taken.getsockname()[1]
        ended = run_with(str(port), hill_sector, tmp_path, watchline)
    assert ended.code == 1
    assert ended.err.startswith(f"watchline: port {port}: cannot listen on 127.0.0.1 (")
    assert ended.err.endswith("; expected a free port.\n")
    assert not (tmp_path / "data").exists()


WITHOUT_BOKEH = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "bokeh":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
from ops.cli import main
main()
"""


def test_without_its_packages_one_sentence_says_what_to_install(hill_sector: Any, tmp_path: Path):
    nation = tmp_path / "nation.toml"
    nation.write_text(f'name = "north"\nsectors = ["{hill_sector.sector}"]\n')
    words = ["cluster", "run", nation, "--data", tmp_path / "data", "--dashboard", 8787]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_BOKEH, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.replace("\n", " ").strip() == (
        "watchline: --dashboard: needs packages that are not installed; expected pip install '.[dashboard]'."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("sector", "shown"),
    [
        ("west", "west"),
        ("north-west", "north-west"),
        ("north-2", "north_2"),
        ("12", "12"),
        ("a-deadbeef", "a_deadbeef"),
    ],
)
def test_dask_names_the_task_of_a_sector_by_its_whole_name(sector: str, shown: str):
    assert key_split(task_key(sector, 3, 1_764_000_000_000_000_000)) == shown
