"""Every example of the help is run as it is printed, in a folder that holds what its text takes for granted.

The sample sector of the examples is a small one here, with the names that the examples use, so that each example is
done within seconds. What needs another machine, or runs until Ctrl-C, is in one of the tables below, with what is run
or expected instead.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas
import pytest
import rasterio
import typer.main
from rich.console import Console
from shapely import polygons
from shapely.geometry import LineString

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.security.key_register import record_of
from ingest.topics import sensor_topic
from ops.accounts.store import FILE as ACCOUNTS
from ops.accounts.store import AccountStore
from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.broker.identities import IdentityFolder, Name
from ops.cli import app as cli
from ops.cli.command_tree import examples_of
from ops.exchange.command import create_key
from ops.exchange.grid import AgreedGrid
from ops.exchange.make import share
from ops.journal.writer import Journal
from ops.room.night_file import read_night
from ops.room.simulate_night import write_simulated_night
from ops.sector import samples, sector_file
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.store.writer import Store
from sensors.timestamps import nanoseconds
from tests.ops.conftest import CELL_M, Files, blank_pictures, hills, lonlat, write_sector
from tests.ops.exchange.partners import agreements_text, certificate, public, sender
from tests.patience import PATIENT_S

ADDRESS = re.compile(r"https?://[\w.\[\]:]+:\d+/")
ELSEWHERE = "broker.example"
"""The machine that examples of brokers name; it does not exist (RFC 2606)."""
STAYS = {"demo", "run", "serve", "share serve"}
"""Commands that serve a page: run in a process of their own until the page answers, and ended with Ctrl-C."""
SHORTER = {
    "challenge": "--samples 0 --runs 0",
    "compare": "--samples 20",
    "plan": "--seconds 3",
    "patrols": "--time-step 600 --longest 12",
}
"""Options added to the examples of a command: the same work with fewer samples, so that it takes seconds."""
INSTEAD = {
    "watchline indicators compare out/score out/score-south": "out/score-south out/score",
    "watchline archive detections cumberland data --out archive": "cumberland sector.toml",
    "watchline archive track cumberland archive --out tracks": "cumberland sector.toml",
    "watchline demo --duration 60 --headless": "60 5",
    "watchline share serve --agreements agreements.toml --data data --certificate server.pem --key server.key --port"
    " 8448": "8448 0",
}
"""Words of examples that are replaced: other processes know only the real sample sector; a minute is long; a port
may be taken; one scorecard is enough to be compared with itself."""
SHARED = (
    "watchline share make cumberland south --agreements agreements.toml --identity exchange-key --data data --purpose"
    ' "weekly evaluation"'
)
FIRST = {
    "sector check": "watchline sector init north --terrain dem.tif --border border.shp",
    "sector preview": "watchline sector init north --terrain dem.tif --border border.shp",
    "archive track": "watchline archive detections cumberland data --out archive",
    "broker check": "watchline broker config cumberland --out broker --host broker.example",
    "broker revoke": "watchline broker config cumberland --out broker --host broker.example",
    "risk": "watchline challenge cumberland --out out/challenge",
    "indicators compare": "watchline score cumberland indicators.csv --out out/score",
    "share withdraw": SHARED,
    "share connect": (
        "watchline broker exchange --agreements agreements.toml --out exchange-broker --host exchange.north.example"
    ),
    "share gaps": "watchline share receive south.zip --agreements agreements.toml --data data",
    "store verify": "watchline store copy data copy.db",
    "drill mark": "watchline drill key --out scorer.key",
    "drill report": "watchline drill import trainings.csv --records training.jsonl",
    "confidential read": 'watchline confidential keys data --recipient "Inspector" --out inspector.key',
    "user token": "watchline user add prometheus --data data --role viewer",
    **{
        f"user {name}": 'watchline user add keller --data data --name "M. Keller" --role operator'
        for name in ("roles", "releasability", "lock", "unlock", "reset", "remove", "sessions")
    },
}
"""What a reader has run before the examples of a command."""
REFUSED = {
    "watchline share connect exchange.north.example:8884 --config exchange-broker --agreements agreements.toml"
    " --identity exchange-key --data data": "no answer",
    "watchline share pull https://south.example:8448 south --data data --agreements agreements.toml --identity"
    " exchange-key --every 30": "no answer",
    "watchline share make cumberland south --agreements agreements.toml --identity exchange-key --data data --purpose"
    ' "exercise" --drill out/demo': "is not a demonstration",
    "watchline drill run south 3 --data data --shift early --out answers.json": "no drill 3 of 'south' is in force",
    "watchline drill mark answers.json --key scorer.key --data data --agreements agreements.toml --identity"
    ' exchange-key --purpose "exercise"': "cannot be read",
    "watchline drill score out/demo --shift early --records training.jsonl": "is not a demonstration",
    "watchline store purge data --settings settings.toml --approval 3f2a9c01b7de": "is not in force for these settings",
    "watchline feeds replay data web_hook/partner": "has no dead letters of",
    "watchline unit revoke patrol-1 1e12521f2156 --data data": "has no device",
    "watchline cluster run nation.toml --data data --local 3": "have the same name",
    "watchline cluster run nation.toml --data data --dashboard 8787": "have the same name",
    "watchline cluster run nation.toml --data data --local 3 --store postgresql://watchline@db.example/watchline": (
        "have the same name"
    ),
    **dict.fromkeys(
        [
            "watchline coverage nation.toml --scheduler processes --out out/nation",
            "watchline challenge nation.toml --scheduler processes --out out/nation",
            "watchline plan nation.toml --budget 500000 --out out/plans",
            "watchline compare nation.toml basic hightech --out out/compare",
            "watchline sites nation.toml candidates.geojson --out out/sites",
            "watchline archive detections nation.toml data --out archive",
            "watchline archive track nation.toml archive --out tracks",
        ],
        "have the same name",
    ),
    "watchline cluster serve nation.toml --data data": "have the same name",
    "watchline cluster serve nation.toml --data data --host 0.0.0.0 --tls": "have the same name",
    "watchline cluster run nation.toml --data data --local 1 --store postgresql://watchline@db.example/watchline"
    " --broker mqtts://mqtt.example --listen 192.0.2.10:8786": "have the same name",
    "watchline cluster worker nation.toml --data data --scheduler 192.0.2.10:8786"
    " --store postgresql://watchline@db.example/watchline": "have the same name",
    "watchline cluster status data": "holds no leases",
    "watchline cluster separate data west I3f2a": "has no sector 'west'",
    "watchline cluster separate data west I3f2a --rejoin": "has no sector 'west'",
    "watchline top data": "holds no leases",
    "watchline top data --count 1 --json": "holds no leases",
    "watchline score nation.toml --store data --out out/nation": "not evaluated: samples/cumberland",
    "watchline dead-letters replay data 17 18": "no ingest is running on it",
    "watchline sensor task camera-north --data data --look-at 45,-2": "no SAPIENT node has registered",
}
"""Examples that need a room that runs at the same time, or did before, with the sentence that says so."""


IN_A_TUTORIAL = {
    "watchline run sector.toml --data data --broker mqtts://broker.example --identity broker": "administrator",
}
"""Examples that run until Ctrl-C beside another machine, and the tutorial whose test follows them with a broker."""


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


EXAMPLES = [
    (path, re.sub(r"\s+", " ", line))
    for path, command in leaves(typer.main.get_command(cli.app))
    for line in examples_of(command)
]
PATHS = {line: path for path, line in EXAMPLES}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples name: sector, map files, a demonstration, a data folder, messages and tables."""
    folder = tmp_path_factory.mktemp("examples") / "desk"
    files = write_sector(folder / "samples" / "cumberland")
    layouts = 'basic = "layout.geojson"\nhightech = "layout_hightech.geojson"'
    files.edit(files.sector, 'three = "layout.geojson"', layouts)
    files.edit(files.layout, "radar-mid", "radar-west")
    files.edit(files.layout, "camera-west", "camera-north")
    items = {"radar": "portable_radar", "camera": "handheld_thermal", "ground_sensor": "seismic"}
    for kind, item in items.items():
        files.edit(files.layout, f'"kind": "{kind}"', f'"kind": "{kind}", "catalogue": "{item}"')
    files.edit(files.sector, "[layouts]", 'bases = "bases.geojson"\nscreening = true\n[layouts]')
    base = {"type": "Feature", "geometry": {"type": "Point", "coordinates": lonlat(4000, 4200)}}
    _json(files.folder / "bases.geojson", _collection(base | {"properties": {"name": "post"}}))
    layout = json.loads(files.layout.read_text())
    layout["features"][0]["properties"]["mast_height_m"] = 20
    _json(files.folder / "layout_hightech.geojson", layout)
    for file in files.folder.iterdir():
        shutil.copy(file, folder)
    Files(folder).edit(folder / "sector.toml", 'terrain = "', 'terrain = "samples/cumberland/')
    (folder / "tiles").mkdir()
    shutil.copy(files.dem, folder / "tiles")
    _north(folder)
    point = {"type": "Feature", "geometry": {"type": "Point"}, "properties": {}}
    sites = [point | {"geometry": {"type": "Point", "coordinates": lonlat(e, 3300)}} for e in range(1000, 7000, 700)]
    _json(folder / "candidates.geojson", _collection(*sites))
    _tables(folder)
    _data(folder, files.sector)
    _partner(folder)
    return folder


def _collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def _north(folder: Path) -> None:
    """A DEM and a border around the own side that `sector init` names, 1.52 E 42.51 N."""
    west, north = 374_600.0, 4_710_500.0  # UTM zone 31 N
    place = {"crs": "EPSG:32631", "transform": rasterio.Affine(CELL_M, 0.0, west, 0.0, -CELL_M, north)}
    Files(folder).write_dem(hills(), **place)
    line = LineString([(west + 200, north - 2000), (west + 7700, north - 2100)])
    table = geopandas.GeoDataFrame({"name": ["North"]}, geometry=[line], crs="EPSG:32631")
    table.to_crs("EPSG:4326").to_file(folder / "border.shp")


def _tables(folder: Path) -> None:
    sample = samples.samples_folder()
    for name in ("indicators.csv", "crossing.toml", "movements.csv", "rules.toml"):
        shutil.copy(sample / "cumberland" / name, folder)
    shutil.copy(sample / "messages" / "scan_radar.json", folder / "message.json")
    measure = "objective,measure,title,owner,due\nA,A1,Close the gaps,Head of surveillance,2026-12-31\n"
    (folder / "measures.csv").write_text(measure, encoding="utf-8")
    means = "place,means,start,source\neverywhere,intelligence_exchange,2026-01-01,agreement\n"
    (folder / "means.csv").write_text(means, encoding="utf-8")
    (folder / "settings.toml").write_text("[retention]\n", encoding="utf-8")
    twice = 'sectors = ["sector.toml", "samples/cumberland"]'
    (folder / "nation.toml").write_text(f'name = "north"\n{twice}\n', encoding="utf-8")
    rows = "radar-west,2026-03-14T21:00:00Z,1000,90\nradar-west,2026-03-14T21:00:01Z,1005,90\n"
    (folder / "recording.csv").write_text(f"sensor,observed_at,range_m,azimuth_deg\n{rows}", encoding="utf-8")
    trained = "day,kind,title,role,person,result\n2026-01-05,course,first aid,operator,M. Keller,passed\n"
    (folder / "trainings.csv").write_text(trained, encoding="utf-8")
    summary = {"made_by": "watchline challenge", "records": []}
    (folder / "out" / "challenge").mkdir(parents=True)
    _json(folder / "out" / "challenge" / "summary.json", summary)


def _data(folder: Path, sector: Path) -> None:
    """A minute of messages in a journal, with 20 that cannot be read; accounts; an audit log with its witness copy."""
    night = folder / "night"
    night.mkdir()
    write_simulated_night(open_sector(load_sector(sector)), night, seed=7, duration_s=60.0)
    (folder / "out" / "demo").mkdir()
    journal = Journal(folder / "out" / "demo" / "journal.db")
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    for scan in read_night(night / "night.jsonl"):
        at_ns = nanoseconds(scan.received_at)
        topic = sensor_topic("hills", scan.sensor, "detections")
        receiver.handle([Delivery(topic, encode(scan), None, (("sent", str(at_ns)),), at_ns)])
    for number in range(20):
        at_ns = nanoseconds(datetime(2026, 3, 14, 22, 0, number, tzinfo=UTC))
        topic = sensor_topic("hills", "radar-west", "detections")
        receiver.handle([Delivery(topic, b"{%d" % number, None, (("sent", str(at_ns)),), at_ns)])
    journal.close()
    shutil.copytree(folder / "out" / "demo", folder / "data")
    for name in ("out/demo", "data"):
        Store(folder / name / "store.db").close()
    AccountStore(folder / "data" / ACCOUNTS).close()
    log = AuditLog(folder / "data" / "audit", witness=folder / "witness")
    at_ns = nanoseconds(datetime(2026, 3, 14, 22, tzinfo=UTC))
    log.add(AuditEntry(at_ns, "m.keller", "operator", "disclosure", "GET /api/tracks", "night watch", "tracks"))
    record = record_of("audit", "audit-log", log.signer.public, valid_from=datetime.now(UTC), valid_until=None)
    log.close()
    identities = IdentityFolder(folder / "data" / "identity")
    identities.prepare([Name("sensor", "radar-west"), Name("sensor", "camera-north")])
    identities.add(record)


def _partner(folder: Path) -> None:
    """What examples of the exchange name: agreements, a key, a package of the partner, and a server's certificate."""
    now = datetime.now(UTC)
    text = agreements_text(key=public("south"), now=now, days=(-20, 20))
    (folder / "agreements.toml").write_text(text, encoding="utf-8")
    create_key(folder / "exchange-key", Console(quiet=True))
    certificate(folder)
    maker = sender(
        folder / "partner", "south", "north", now=now, layers={"coverage": ("probability",)}, time_step_s=600.0,
        area=(-84.8, 36.4, -84.6, 36.7),
    )  # fmt: skip
    agreement = maker.agreements.agreements[0]
    corners = AgreedGrid.of(agreement).corners([703], [4047])
    cell = geopandas.GeoDataFrame(
        {"id": ["cell_703_4047"], "source": ["south"], "probability": [0.5]}, geometry=polygons(corners), crs=4326
    )
    (folder / "south.zip").write_bytes(share(maker, agreement, {"coverage": cell}).content)
    known = (now - timedelta(days=20)).isoformat()
    report = {
        "id": "E1", "layer": "events", "sublayer": "crisis", "known_at": known, "source": "human", "reliability": "C",
        "credibility": 3, "text": "A call for help",
    }  # fmt: skip
    _json(folder / "reports.json", {"reports": [report]})
    (folder / "answers.json").write_text("{}")


@pytest.fixture
def scratch(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the desk of one's own, in which the sample sector is the small one."""
    folder = tmp_path / "desk"
    shutil.copytree(desk, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sector_file, "samples_folder", lambda: folder / "samples")
    monkeypatch.setattr(samples, "samples_folder", lambda: folder / "samples")
    return folder


def words_of(line: str) -> list[str]:
    """The words of the command in an example: without the shell's own, which hand its output on."""
    words = shlex.split(line.partition(" > ")[0].removeprefix('eval "$(').removesuffix(')"'))
    assert words[0] == "watchline"
    if "--every" in words:  # once is enough
        at = words.index("--every")
        del words[at : at + 2]
    old, _, new = INSTEAD.get(re.sub(r"\s+", " ", line), "").partition(" ")
    return [new if word == old else word for word in words[1:]]


def test_the_tables_name_examples() -> None:
    paths, lines = {path for path, _ in EXAMPLES}, {line for _, line in EXAMPLES}
    assert STAYS | SHORTER.keys() | FIRST.keys() <= paths
    assert {*FIRST.values()} - {FIRST["user token"]} <= lines
    assert REFUSED.keys() | INSTEAD.keys() <= lines
    assert IN_A_TUTORIAL.keys() == {line for path, line in EXAMPLES if path in STAYS and ELSEWHERE in line}
    for line, tutorial in IN_A_TUTORIAL.items():
        page = (Path(__file__).parents[3] / "docs" / "tutorials" / f"{tutorial}.md").read_text(encoding="utf-8")
        used = {word for word in line.split() if word.startswith("--")}
        commands = [one for one in page.splitlines() if one.startswith("watchline run ")]
        assert any(used <= set(command.split()) for command in commands)


@pytest.mark.parametrize(
    ("path", "line"), [(path, line) for path, line in EXAMPLES if path not in STAYS and ELSEWHERE not in line]
)
def test_an_example_works(watchline: Callable[..., Any], scratch: Path, path: str, line: str) -> None:
    with blank_pictures():
        if path in FIRST and FIRST[path] != line:
            shorter = SHORTER.get(PATHS.get(FIRST[path], ""), "")
            assert watchline(*words_of(FIRST[path]), *shorter.split()).code == 0
        ending = watchline(*words_of(line), *SHORTER.get(path, "").split())
    if line in REFUSED:
        assert ending.code in (1, 2)
        assert REFUSED[line] in ending.err
        return
    assert ending.code == 0, ending.err
    assert ending.out or ending.err or path in ("terrain import",)


OF_A_MACHINE = [(path, line) for path, line in EXAMPLES if path not in STAYS and ELSEWHERE in line]


@pytest.mark.parametrize(("path", "line"), [one for one in OF_A_MACHINE if one[0] != "broker config"])
def test_an_example_names_the_machine_that_does_not_answer(
    watchline: Callable[..., Any], scratch: Path, path: str, line: str
) -> None:
    """All but the last step is done: the broker of the examples does not exist."""
    assert watchline(*words_of(FIRST["broker check"])).code == 0
    ending = watchline(*words_of(line))
    if path == "broker revoke":  # the key is revoked all the same, and the next step stated
        assert ending.code == 0
        assert "Copy broker/broker to the broker's computer" in ending.err
        return
    assert ending.code == 1
    assert ELSEWHERE in ending.err + ending.out


def test_the_example_of_a_brokers_configuration_works(watchline: Callable[..., Any], scratch: Path) -> None:
    assert watchline(*words_of(FIRST["broker check"])).code == 0
    assert (scratch / "broker" / "broker" / "mosquitto.conf").is_file()


@pytest.mark.parametrize("line", [line for path, line in EXAMPLES if path in STAYS and ELSEWHERE not in line])
def test_an_example_serves_its_page_until_ctrl_c(scratch: Path, tmp_path: Path, line: str) -> None:
    if line.startswith("watchline demo"):
        shutil.rmtree(scratch / "out" / "demo")
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ops.cli", *words_of(line)],
            cwd=scratch,
            env={**os.environ, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until_s = time.monotonic() + PATIENT_S
        while not ADDRESS.search(log.read_text(errors="replace")):  # the end of a line may not be written yet
            if "--headless" in line and process.poll() == 0:  # without a page it ends by itself
                return
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until_s, log.read_text()
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENT_S) in (0, 130, -signal.SIGINT), log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
