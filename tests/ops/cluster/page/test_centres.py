"""The way into a sector: one login, one process per centre, and no more of them than may be."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ops.accounts.accounts import LoginOrigin
from ops.audit.verify import verify
from ops.cluster.page import centres as module
from ops.cluster.page.centres import GRACE_S, IDLE_S, CentreOptions, Centres, NoBroker, TooManyCentres
from ops.runtime.processes.child_process import ChildFailed
from ops.sector.setting_tables.data import AuditSettings
from ops.sector.settings import Settings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.login.gate import LoginsOf
from ops.services.api.process import _witness
from ops.services.api.serving.local_port import listen
from ops.services.api.serving.server import serving
from tests.ops.cluster.page.nation import NOW_NS, Sectors, nation_server
from tests.patience import PATIENT_S

PASSWORD = "a quiet ridge at dawn"


def test_one_login_counts_in_each_sector_with_the_role_there_and_ends_for_all(tmp_path: Path):
    with ExitStack() as stack:
        sectors = Sectors(tmp_path, stack)
        sectors.show("west")
        nation = stack.enter_context(nation_server(sectors, ["west", "east"]))
        addresses = {}
        for name, taken in (("west", True), ("east", True), ("apart", False)):
            app = create_app(
                tmp_path / "west" / "store.db",
                ApiSettings(name, guard=GuardSettings(bearer=True)),
                act=lambda _: None, now_ns=lambda: NOW_NS, accounts=nation.accounts,
            )  # fmt: skip
            if taken:
                app.add_middleware(LoginsOf, port=int(nation.address.rpartition(":")[2]))
            addresses[name] = f"http://127.0.0.1:{stack.enter_context(serving(app))}"
        secret = nation.accounts.add("ito", "A. Ito", {"west": "operator"})
        entered = nation.accounts.log_in("ito", secret, LoginOrigin("test"))
        session = nation.accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
        port = nation.address.rpartition(":")[2]
        cookies = {f"watchline-session-{port}": session.cookie}

        def status(address: str) -> int:
            return httpx.get(address, cookies=cookies, timeout=PATIENT_S).status_code

        assert status(f"{nation.address}/v1/nation") == 200
        assert status(f"{addresses['west']}/api/alerts") == 200
        assert status(f"{addresses['east']}/api/alerts") == 403  # no role there
        assert status(f"{addresses['apart']}/api/alerts") == 401  # a server with logins of its own
        nation.accounts.log_out(session.cookie)
        assert status(f"{addresses['west']}/api/alerts") == 401


class Rig:
    """Centres whose processes are stood in for; ``now_s`` is their clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, most: int) -> None:
        self.now_s, self.children = 0.0, dict[str, Any]()
        self.broker: str | None = "mqtt://127.0.0.1:1"
        options = CentreOptions(tmp_path, lambda: self.broker, "127.0.0.1", 1, most)
        names = ("west", "mid", "east")
        self.centres = Centres(
            {name: SimpleNamespace(name=name) for name in names},  # type: ignore[misc]
            options, monotonic_s=lambda: self.now_s,
        )  # fmt: skip
        monkeypatch.setattr(self.centres, "_start", self._start)

    def _start(self, sector: Any, broker: str) -> Any:
        streams = {"streams": 0}
        child = SimpleNamespace(alive=True, last=streams.get, streams=streams, stop=lambda timeout_s: None)
        self.children[sector.name] = child
        return module._Centre(child, listen(0), self.now_s, broker)


def test_a_centre_is_opened_once_and_again_after_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    rig = Rig(monkeypatch, tmp_path, most=3)
    port = rig.centres.open("west")
    assert rig.centres.open("west") == port
    first = rig.children["west"]
    first.alive = False
    rig.centres.open("west")
    assert rig.children["west"] is not first
    rig.centres.close()
    assert rig.centres.running == []


def test_a_centre_without_a_page_ends_after_ten_minutes_and_one_with_a_page_never(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    rig = Rig(monkeypatch, tmp_path, most=3)
    rig.centres.open("west")
    rig.centres.open("mid")
    rig.children["mid"].streams["streams"] = 1
    rig.now_s = IDLE_S - 1
    rig.centres.look()
    assert rig.centres.running == ["mid", "west"]
    rig.now_s = IDLE_S + 1
    rig.centres.look()
    assert rig.centres.running == ["mid"]
    rig.children["mid"].streams["streams"] = 0
    rig.centres.look()
    assert rig.centres.running == ["mid"]  # looked at until now
    rig.centres.close()


def test_the_one_too_many_takes_the_place_of_one_that_nobody_looks_at_or_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    rig = Rig(monkeypatch, tmp_path, most=1)
    rig.centres.open("west")
    with pytest.raises(TooManyCentres):  # its page is only being loaded
        rig.centres.open("mid")
    rig.now_s = GRACE_S
    rig.centres.open("mid")
    assert rig.centres.running == ["mid"]
    rig.children["mid"].streams["streams"] = 2
    rig.now_s = 2 * GRACE_S
    with pytest.raises(TooManyCentres, match="as many as --centres allows"):
        rig.centres.open("east")
    rig.centres.close()


def test_a_centre_that_is_used_without_a_stream_such_as_for_the_plan_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    rig = Rig(monkeypatch, tmp_path, most=3)
    rig.centres.open("west")
    for requests in (1, 2):
        rig.now_s += IDLE_S - 1
        rig.children["west"].streams["requests"] = requests
        rig.centres.look()
        assert rig.centres.running == ["west"]
    rig.now_s += IDLE_S
    rig.centres.look()
    assert rig.centres.running == []


def test_a_cluster_that_starts_again_with_another_broker_has_centres_that_send_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    rig = Rig(monkeypatch, tmp_path, most=3)
    rig.broker = None  # the page is served before the cluster runs for the first time
    with pytest.raises(NoBroker):
        rig.centres.open("west")
    rig.broker = "mqtt://127.0.0.1:1"
    rig.centres.open("west")
    rig.centres.open("mid")
    rig.broker = None  # cannot be read now
    rig.centres.look()
    assert rig.centres.running == ["mid", "west"]
    rig.broker = "mqtt://127.0.0.1:2"
    first = rig.children["west"]
    rig.centres.open("west")
    assert rig.children["west"] is not first
    rig.centres.look()
    assert rig.centres.running == ["west"]
    rig.centres.close()


def test_the_witness_copy_of_a_centre_is_in_a_folder_of_its_sector():
    """All sectors have the same settings, and the copy of another log is a finding."""
    settings = Settings(audit=AuditSettings("/srv/witness"))
    for login_port, expected in ((1, "/srv/witness/west"), (None, "/srv/witness")):
        arguments = Namespace(sector_id="west", login_port=login_port)
        assert _witness(settings, arguments) == Path(expected)
        assert _witness(Settings(), arguments) is None


def test_whoever_does_not_administer_the_server_reads_neither_its_files_nor_its_log_when_a_centre_fails(
    tmp_path: Path,
):
    class Failing:
        error: Exception = ChildFailed("centre-west ended: 'A. Ito' is no key. Log: /srv/data/west/logs/api.log.")

        def open(self, name: str) -> int:
            raise self.error

    with ExitStack() as stack:
        sectors = Sectors(tmp_path, stack)
        sectors.show("west")
        failing = Failing()
        nation = stack.enter_context(nation_server(sectors, ["west"], centres=failing))
        for login, role, reads in (("officer", "operator", False), ("administrator", "admin", True)):
            with nation.client(login, {"west": role}) as client:
                answer = client.get("/sectors/west")
            assert answer.status_code == 503
            assert answer.json()["detail"].startswith("The operations centre of this sector cannot be opened: ")
            assert ("Ito" in answer.text, "/srv/data" in answer.text) == (reads, reads)
        failing.error = TooManyCentres(12)
        with nation.client("third", {"west": "viewer"}) as client:
            assert client.get("/sectors/west").json()["detail"].endswith("as many as --centres allows.")
            french = client.get("/sectors/west", headers={"Accept-Language": "fr"}).json()["detail"]
            assert french.endswith(": 12 sont ouverts et utilisés, le maximum que permet --centres.")
            failing.error = TooManyCentres(1)
            assert (
                ": 1 is open and in use, as many as --centres allows." in client.get("/sectors/west").json()["detail"]
            )
            elsewhere = client.get("/sectors/east", headers={"Accept-Language": "fr-CA,en;q=0.5"})
            assert (elsewhere.status_code, elsewhere.json()["detail"]) == (404, "Vous n’avez pas accès à ce secteur.")


@pytest.mark.chain
def test_a_real_centre_answers_to_the_login_of_the_nation_and_ends_with_it(
    tmp_path: Path, make_sector: Any, monkeypatch: pytest.MonkeyPatch
):
    from ops.broker.broker import EmbeddedBroker
    from ops.cluster.page.areas import area_of
    from ops.room.room import prepare_identity
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import layout_path, load_sector

    files = make_sector(tmp_path / "hills")
    sector = load_sector(files.sector)
    (tmp_path / "settings.toml").write_text('[audit]\nwitness = "witness"\n')
    with ExitStack() as stack:
        sectors = Sectors(tmp_path / "data", stack)
        sectors.show(sector.name)
        prepare_identity(tmp_path / "data" / sector.name / "identity", layout_path(sector, None), None)
        broker = stack.enter_context(EmbeddedBroker(folder=tmp_path / "data" / "logs"))
        nation = stack.enter_context(nation_server(sectors, [sector.name]))
        options = CentreOptions(
            tmp_path / "data", lambda: broker.url.text, "127.0.0.1", int(nation.address.rpartition(":")[2]), 2,
            settings=tmp_path / "settings.toml",
        )  # fmt: skip
        opened = Centres({sector.name: sector}, options)
        stack.callback(opened.close)
        port = opened.open(sector.name)
        headers = {"Authorization": f"Bearer {nation.token_of('ito', {sector.name: 'operator'})}"}
        answer = httpx.get(f"http://127.0.0.1:{port}/api/sector", headers=headers, timeout=PATIENT_S)
        assert answer.status_code == 200
        area = area_of(open_sector(sector))
        west, south, east, north = answer.json()["bounds"]
        assert area["geometry"]["coordinates"][0][2] == [pytest.approx(east, abs=1e-5), pytest.approx(north, abs=1e-5)]
        assert all(
            west <= lon <= east and south <= lat <= north for lon, lat in area["properties"]["line"]
        )  # what is watched is on the terrain
        alerts = httpx.get(f"http://127.0.0.1:{port}/api/alerts", headers=headers, timeout=PATIENT_S)
        assert alerts.status_code == 200  # which is recorded
        child = opened._open[sector.name].child
        with child._news:
            assert child._news.wait_for(lambda: child.messages.get("requests"), PATIENT_S)  # by which it counts as used
        opened.close()
        assert not child.alive
        log, witness = tmp_path / "data" / sector.name / "audit", tmp_path / "witness" / sector.name
        assert verify(log, witness=witness).witnessed
