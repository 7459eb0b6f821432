"""The command line: help for every command, one sentence for every bad input, stdout for machines only."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer.main

from ops.cli import app as cli
from ops.journal.writer import Journal
from tests.patience import PATIENT_S

COMMANDS = sorted(typer.main.get_command(cli.app).commands)


def one_sentence(ending: Any) -> str:
    """The only line on stderr of a command that failed as it should."""
    assert ending.code not in (0, None)
    assert ending.out == ""
    lines = [line for line in ending.err.splitlines() if line.strip()]
    assert len(lines) == 1, ending.err
    assert lines[0].startswith("watchline: ")
    assert lines[0].endswith(".")
    assert "Traceback" not in ending.err
    assert "Error(" not in ending.err
    return lines[0]


def test_there_are_these_commands():
    assert {"demo", "run", "simulate", "record", "replay", "doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_for_every_option(watchline, command):
    ending = watchline(command, "--help")
    assert (ending.code, ending.err) == (0, "")
    assert f" {command} [OPTIONS]" in ending.out.splitlines()[0]
    for parameter in typer.main.get_command(cli.app).commands[command].params:
        assert parameter.help, f"{command} {parameter.name}"


def test_version_is_one_line_on_stdout(watchline):
    ending = watchline("--version")
    assert (ending.code, ending.err) == (0, "")
    assert ending.out.startswith("watchline 0.")
    assert ending.out.count("\n") == 1


def test_no_command_at_all_shows_the_help(watchline):
    ending = watchline()
    assert ending.code == 2
    assert ending.out == ""
    assert all(command in ending.err for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "cumberland", "--out", "o", "--duration", "-5"], "--duration: "),
        (["demo", "--duration", "0"], "--duration: "),
        (["demo", "--duration", "soon"], "--duration: "),
        (["demo", "--duration", "nan"], "--duration: "),
        (["demo", "--speed", "0"], "--speed: "),
        (["demo", "--seed", "-1"], "--seed: "),
        (["demo", "--port", "70000"], "--port: "),
        (["record", "a", "--broker", "mqtt://h", "--out", "j", "--duration", "-1"], "--duration: "),
        (["simulate", "cumberland"], "missing option --out"),
        (["replay"], "missing argument SECTOR"),
        (["replay", "cumberland", "j.db", "--out", "o", "--settings", "nowhere.toml"], "nowhere.toml"),
        (["simulate", "cumberland", "--out", "o", "--colour", "red"], "--colour"),
        (["dmeo"], "dmeo"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_one_sentence_that_names_them(watchline, arguments, words):
    ending = watchline(*arguments)
    assert words in one_sentence(ending)
    assert ending.code == 2


def spoil(how: str, files: Any) -> None:
    """Spoil one piece of a good sector."""
    west = str(json.loads(files.layout.read_text())["features"][0]["geometry"]["coordinates"][0])
    rows = np.full((50, 60), -9999.0)
    match how:
        case "unknown key":
            files.edit(files.sector, "belt_m", "belt_km")
        case "no TOML":
            files.edit(files.sector, 'name = "hills"', 'name = "hills')
        case "key missing":
            files.edit(files.sector, 'border = "border.geojson"\n', "")
        case "wrong type":
            files.edit(files.sector, "belt_m = 1500", 'belt_m = "wide"')
        case "no DEM":
            files.dem.unlink()
        case "DEM is text":
            files.dem.write_text("no raster at all")
        case "DEM without CRS":
            files.write_dem(rows + 1e4, crs=None)
        case "DEM all void":
            files.write_dem(rows)
        case "void not declared":
            files.write_dem(np.full((50, 60), -32768.0), nodata=None)
        case "geographic frame":
            files.edit(files.sector, '"auto"', "4326")
        case "frame in feet":
            files.edit(files.sector, '"auto"', "2264")
        case "no such EPSG":
            files.edit(files.sector, '"auto"', "999999")
        case "frame of text":
            files.edit(files.sector, '"auto"', '"utm"')
        case "border elsewhere":
            files.border.write_text(
                '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry":'
                ' {"type": "LineString", "coordinates": [[10, 50], [10.1, 50.1]]}}]}'
            )
        case "border is text":
            files.border.write_text("no line at all")
        case "border empty":
            files.border.write_text('{"type": "FeatureCollection", "features": []}')
        case "layout unknown key":
            files.edit(files.layout, '"mast_height_m": 12', '"mast_hight_m": 12')
        case "layout is text":
            files.layout.write_text("no JSON")
        case "two of one id":
            files.edit(files.layout, '"ground-1"', '"radar-mid"')
        case "impossible range":
            files.edit(files.layout, '"max_range_m": 5000', '"max_range_m": -5000')
        case "sensor off the map":
            files.edit(files.layout, west, "-80.0")
        case "sensor not on Earth":
            files.edit(files.layout, west, "-200.0")


SPOILT = {
    "unknown key": "belt_km",
    "no TOML": "TOML",
    "key missing": "'border'",
    "wrong type": "belt_m",
    "no DEM": "dem.tif",
    "DEM is text": "dem.tif",
    "DEM without CRS": "dem.tif",
    "DEM all void": "dem.tif",
    "void not declared": "-32768",
    "geographic frame": "4326",
    "frame in feet": "2264",
    "no such EPSG": "999999",
    "frame of text": "utm",
    "border elsewhere": "border.geojson",
    "border is text": "border.geojson",
    "border empty": "border.geojson",
    "layout unknown key": "mast_hight_m",
    "layout is text": "layout.geojson",
    "two of one id": "radar-mid",
    "impossible range": "max_range_m",
    "sensor off the map": "radar-mid",
    "sensor not on Earth": "radar-mid",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_sector_is_one_sentence_that_names_the_piece(watchline, own_sector, tmp_path, how):
    spoil(how, own_sector)
    ending = watchline("simulate", own_sector.sector, "--out", tmp_path / "out", "--duration", "5")
    sentence = one_sentence(ending)
    assert SPOILT[how] in sentence
    assert "expected" in sentence
    assert not (tmp_path / "out").exists(), "nothing is written before the input is good"


@pytest.mark.parametrize("name", ["atlantis", "nowhere/sector.toml", ""])
def test_an_unknown_sector_is_one_sentence(watchline, tmp_path, name):
    sentence = one_sentence(watchline("simulate", name, "--out", tmp_path / "out"))
    assert "expected" in sentence


def test_an_unknown_layout_names_those_there_are(watchline, hill_sector, tmp_path):
    ending = watchline("simulate", hill_sector.sector, "--layout", "hightech", "--out", tmp_path)
    assert "one of three" in one_sentence(ending)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("missing", "does not exist"),
        ("text", "not an SQLite file"),
        ("empty file", "empty"),
        ("foreign", "another program's file"),
        ("without rows", "no rows"),
    ],
)
def test_what_is_no_journal_cannot_be_replayed(watchline, hill_sector, tmp_path, made, words):
    import sqlite3

    path = tmp_path / "journal.db"
    if made == "text":
        path.write_text("no journal at all, but long enough to be looked at" * 20)
    elif made == "empty file":
        path.touch()
    elif made == "foreign":
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE journal (id INTEGER)")
    elif made == "without rows":
        Journal(path).close()
    ending = watchline("replay", hill_sector.sector, path, "--out", tmp_path / "out")
    assert words in one_sentence(ending)


def test_a_wrong_setting_is_named(watchline, hill_sector, hill_journal, tmp_path):
    settings = tmp_path / "settings.toml"
    for text, word in (("[tracker]\nspeed = 3\n", "speed"), ("[alerts]\nrevise_s = -1\n", "revise_s"), ("x", "TOML")):
        settings.write_text(text)
        ending = watchline("replay", hill_sector.sector, hill_journal, "--out", tmp_path, "--settings", settings)
        assert word in one_sentence(ending)


@pytest.mark.parametrize("command", ["demo", "record", "doctor"])
@pytest.mark.parametrize(
    "url", ["http://h", "mqtt://", "mqtt://h:99999", "mqtt://:secret@h", "h:1883", "mqtt://h/topic"]
)
def test_a_wrong_broker_url_is_one_sentence_without_the_password(watchline, tmp_path, command, url, monkeypatch):
    monkeypatch.chdir(tmp_path)
    more = {"record": ["a", "--out", tmp_path / "j.db"]}.get(command, [])
    ending = watchline(command, "--broker", url, *more)
    assert one_sentence(ending).startswith("watchline: --broker: ")
    assert ending.code == 2
    assert "secret" not in ending.err


def test_a_name_that_no_topic_can_hold_is_one_sentence(watchline, tmp_path):
    ending = watchline("record", "a/b", "--broker", "mqtt://h", "--out", tmp_path / "j.db")
    assert "SECTOR: 'a/b'" in one_sentence(ending)


@pytest.mark.parametrize("command", ["demo", "run", "simulate", "replay"])
def test_a_folder_that_is_a_file_is_one_sentence(watchline, hill_sector, hill_journal, tmp_path, command):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    arguments = {
        "demo": ["--out", taken, "--duration", "2"],
        "run": ["--data", taken],
        "simulate": ["--out", taken, "--duration", "2"],
        "replay": [hill_journal, "--out", taken],
    }[command]
    assert "taken" in one_sentence(watchline(command, hill_sector.sector, *arguments))
    assert taken.read_text() == "a file"


def test_a_demonstration_clears_no_installations_data(watchline, hill_sector, tmp_path):
    Journal(tmp_path / "journal.db").close()
    ending = watchline("demo", hill_sector.sector, "--out", tmp_path, "--duration", "2")
    assert "did not write" in one_sentence(ending)
    assert (tmp_path / "journal.db").exists()


@pytest.mark.parametrize(
    "text",
    ["no JSON", "[]", '{"features": [{"properties": null}]}', '{"features": [{"properties": {}, "geometry": 1}]}'],
)
def test_bases_that_cannot_be_read_are_refused_before_the_demonstration(watchline, own_sector, tmp_path, text):
    own_sector.edit(own_sector.sector, 'time_zone = "UTC"', 'time_zone = "UTC"\nbases = "bases.geojson"')
    (own_sector.folder / "bases.geojson").write_text(text)
    ending = watchline("demo", own_sector.sector, "--out", tmp_path / "out", "--duration", "2")
    assert "bases.geojson" in one_sentence(ending)
    assert not (tmp_path / "out").exists()


def test_simulate_writes_messages_that_decode_and_json_on_one_line(watchline, hill_sector, tmp_path):
    from datetime import UTC, datetime

    from ingest.decode import decode

    arguments = ["simulate", hill_sector.sector, "--out", tmp_path, "--duration", "5", "--seed", "4"]
    ending = watchline(*arguments, "--json")
    assert ending.code == 0
    assert ending.out.count("\n") == 1
    figures = json.loads(ending.out)
    lines = (tmp_path / "messages.jsonl").read_bytes().splitlines()
    scans = [decode(line, received_at=datetime.now(UTC)) for line in lines]
    assert figures["messages"] == len(scans) > 5
    assert figures["plots"] == sum(len(scan.plots) for scan in scans)
    again = watchline(*arguments)
    assert (again.code, again.out) == (0, "")
    assert (tmp_path / "messages.jsonl").read_bytes().splitlines() == lines


def test_replay_says_its_hashes_on_one_line(watchline, hill_sector, hill_journal, tmp_path):
    ending = watchline("replay", hill_sector.sector, hill_journal, "--out", tmp_path, "--json")
    assert ending.code == 0
    assert ending.out.count("\n") == 1
    figures = json.loads(ending.out)
    assert {len(figures["tracks_sha256"]), len(figures["alerts_sha256"])} == {64}
    room = tmp_path / "room"
    room.mkdir()
    shutil.copy(hill_journal, room / "journal.db")
    of_folder = watchline("replay", hill_sector.sector, room, "--out", tmp_path / "again").err
    assert figures["tracks_sha256"] in of_folder
    assert figures["alerts_sha256"] in of_folder
    assert all(Path(file).exists() for file in figures["files"])


# ---- errors that only come up in several processes ------------------------------------------------------------------


@pytest.fixture(scope="module")
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture(scope="module")
def endings(hill_sector: Any, busy_port: int, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Commands that fail in a process of theirs, run at the same time: most of them wait for a broker."""
    folder = tmp_path_factory.mktemp("failing")
    spoilt = folder / "spoilt"
    spoilt.mkdir()
    for file in hill_sector.folder.iterdir():
        (spoilt / file.name).write_bytes(file.read_bytes())
    (spoilt / "dem.tif").write_text("no raster at all")
    good, gone = str(hill_sector.sector), "--broker=mqtt://127.0.0.1:1"
    commands = {
        "record, broker gone": ["record", "hills", gone, f"--out={folder / 'j.db'}"],
        "run, broker gone": ["run", good, gone, f"--data={folder / 'run'}"],
        "demo, broker gone": ["demo", good, gone, "--duration=2", f"--out={folder / 'gone'}"],
        "demo, port in use": ["demo", good, f"--port={busy_port}", "--duration=2", f"--out={folder / 'port'}"],
        "demo, DEM is text": ["demo", str(spoilt / "sector.toml"), "--duration=2", f"--out={folder / 'dem'}"],
    }
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "ops.cli", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name, command in commands.items()
    }
    found = {}
    for name, process in running.items():
        out, err = process.communicate(timeout=PATIENT_S)
        found[name] = SimpleNamespace(code=process.returncode, out=out, err=err)
    return found


@pytest.mark.chain
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("record, broker gone", "no answer from mqtt://127.0.0.1:1"),
        ("run, broker gone", "no answer from mqtt://127.0.0.1:1"),
        ("demo, broker gone", "no answer from mqtt://127.0.0.1:1"),
        ("demo, port in use", "port"),
        ("demo, DEM is text", "dem.tif"),
    ],
)
def test_a_failure_in_a_process_is_one_sentence_too(endings, name, words):
    assert words in one_sentence(endings[name])


def test_what_a_library_logs_below_the_level_is_not_shown() -> None:
    """dask lets its own loggers say more: `sites --scheduler processes -q` wrote 30 lines of them."""
    program = (
        "import logging; from ops.cli import app; logging.getLogger('distributed').setLevel(logging.INFO);"
        "app._log_to_stderr(logging.WARNING);"
        "logging.getLogger('distributed').info('Scheduler closing all comms'); logging.getLogger('geo').warning('seen')"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stderr == "WARNING seen\n"


WHILE_IMPORTING = """
import os, signal, sys

class Stopped:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{number})

signal.signal(signal.SIGINT, signal.{before})
sys.meta_path.insert(0, Stopped())
sys.argv = ["watchline", "doctor"]
from ops.cli import main
main()
"""


@pytest.mark.parametrize("before", ["default_int_handler", "SIG_IGN"])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("module", ["typer", "ops.cli.administrators.user", "ops.admin.doctor"])
def test_a_signal_while_the_program_is_loading_ends_it_quietly(module: str, number: str, before: str) -> None:
    """With 130 or 143, also in a job in the background, where SIGINT is ignored at the start."""
    script = WHILE_IMPORTING.format(module=module, number=number, before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == ({"SIGINT": 130, "SIGTERM": 143}[number], "")
    assert done.stderr in ("", "watchline: stopped.\n")


def test_importing_the_command_line_leaves_the_signals_as_they_were() -> None:
    script = "import signal; before = [signal.getsignal(n) for n in (2, 15)]; import ops.cli;"
    script += "assert [signal.getsignal(n) for n in (2, 15)] == before"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("command", [["eurosur", "subjects", "--json", "-q"], ["sector", "schema", "settings"]])
def test_a_full_disk_behind_stdout_is_one_sentence(command):
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "ops.cli", *command], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 1
    assert ended.stderr == "watchline: No space left on device; expected an output that can be written.\n"


def test_a_time_outside_of_the_calendar_is_one_sentence(watchline, hill_journal):
    ending = watchline("journal", "detections", hill_journal, "--since", "0001-01-01T00:00+05:00")
    assert "is not a valid time" in one_sentence(ending)
