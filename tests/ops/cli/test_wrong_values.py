"""Every option and argument of every command refuses a wrong value with one sentence that names it, before any work."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from rich.console import Console

from ops.accounts.store import FILE as ACCOUNTS
from ops.accounts.store import AccountStore
from ops.analysis.compare.options import CompareOptions
from ops.analysis.option_types import DirectionOption, TargetOption
from ops.analysis.plan.options import PlanOptions
from ops.analysis.plan.search import ITEMS
from ops.audit.entry import OPERATIONS
from ops.audit.log import AuditLog
from ops.broker.identities import IdentityFolder, Name
from ops.cli import app as cli
from ops.cli.wrong_values import name_of
from ops.exchange.command import create_key
from ops.journal.writer import Journal
from ops.sector.samples import samples_folder
from tests.ops.exchange.partners import agreements_text

ROOT = typer.main.get_command(cli.app)
GOOD = {
    "demo": "hills --out new",
    "run": "hills --data new",
    "serve": "hills store.db",
    "replay": "hills journal.db --out new",
    "handover": "hills store.db --out new.pdf",
    "export": "hills store.db --out new.gpkg --purpose test",
    "eurosur add": "message.json --data folder",
    "eurosur list": "--data folder",
    "eurosur subjects": "",
    "eurosur export": "hills --data folder --out new.xml --purpose test",
    "share make": "hills south --agreements agreements.toml --identity key --data folder --purpose test",
    "share receive": "message.json --agreements agreements.toml --data folder",
    "share list": "--data folder",
    "share withdraw": ("south --agreements agreements.toml --identity key --data folder --purpose test --package 1"),
    "share gaps": "hills south --agreements agreements.toml --data folder --out new.gpkg",
    "share key": "--out new",
    "share serve": "--agreements agreements.toml --data folder --certificate message.json --key message.json --port 0",
    "share pull": ("https://127.0.0.1:1 south --agreements agreements.toml --identity key --data folder"),
    "share connect": "127.0.0.1:1 --config folder --agreements agreements.toml --identity key --data folder",
    "coverage": "hills --out new",
    "challenge": "hills --out new",
    "sites": "hills points.geojson --out new",
    "score": "hills --challenge folder",
    "risk": "hills --challenge folder",
    "plan": "hills --budget 1000000",
    "compare": "hills three three",
    "patrols": "hills --out new",
    "simulate": "hills --out new",
    "record": "hills --broker mqtt://127.0.0.1:1 --out new.db",
    "doctor": "",
    "completion": "bash",
    "sector init": "new --terrain hills/dem.tif --border hills/border.geojson",
    "sector check": "hills",
    "sector preview": "hills --out new.html",
    "sector schema": "sector",
    "action-plan import": "message.json --title t --source s --adopted 2026-01-15 --out new.toml",
    "indicators list": "",
    "indicators partners": "",
    "indicators compare": "folder folder",
    "indicators import": "message.json --history new.jsonl",
    "lanes": "crossing.toml",
    "screening": "hills movements.csv --rules rules.toml --data room --purpose test",
    "threats list": "",
    "threats show": "firearms",
    "threats layers": "hills",
    "catalogue list": "",
    "catalogue show": "ift_radar",
    "terrain info": "hills/dem.tif",
    "terrain import": "hills/dem.tif --out new.tif",
    "sensor register": "hills radar-mid --data folder",
    "sensor list": "hills",
    "sensor test": "message.json",
    "sensor task": "radar-mid --data folder --mode day",
    "sensor survey": "hills radar-mid",
    "sensor calibrate": "hills journal.db",
    "journal stats": "journal.db",
    "journal detections": "journal.db",
    "journal import": "hills recording.csv --out new.db",
    "archive detections": "hills journal.db --out new",
    "archive track": "hills folder --out new",
    "broker config": "hills --out new",
    "broker exchange": "--agreements agreements.toml --out new",
    "broker check": "127.0.0.1:1 --config folder",
    "broker revoke": "radar-mid --config keys",
    "dead-letters list": "journal.db",
    "dead-letters show": "journal.db 1",
    "dead-letters replay": "journal.db",
    "unit enrol": "patrol-1 --data room",
    "unit devices": "patrol-1 --data room",
    "unit revoke": "patrol-1 1e12521f2156 --data room",
    "user add": "keller --data room",
    "user list": "--data room",
    "user roles": "keller viewer --data room",
    "user releasability": "keller --data room",
    "user lock": "keller --data room",
    "user unlock": "keller --data room",
    "user reset": "keller --data room",
    "user remove": "keller --data room",
    "user sessions": "keller --data room",
    "user token": "keller --data room",
    "audit show": "room",
    "audit verify": "room",
    "audit export": "room --out new.jsonl",
    "audit anomalies": "room",
    "audit transparency": "room --out new.csv",
    "confidential keys": "room --recipient Inspector --out new.key",
    "confidential read": "room --key message.json",
    "drill score": "folder",
    "drill import": "recording.csv --records new.jsonl",
    "drill report": "recording.csv",
    "drill key": "--out new.key",
    "drill run": "south 1 --data folder --out new.json",
    "drill mark": (
        "message.json --key message.json --data folder --agreements agreements.toml --identity key --purpose test"
    ),
    "store purge": "room",
    "store migrate": "postgresql://db.example/watchline",
    "store grant": "postgresql://db.example/watchline inspector --sector north",
    "store copy": "journal.db new.db",
    "store verify": "journal.db room",
    "cluster run": "message.json --data new",
    "cluster serve": "message.json --data folder",
    "cluster worker": "message.json --data folder --scheduler db.example:1 --store postgresql://db.example/watchline",
    "cluster status": "folder",
    "cluster separate": "folder west I1",
    "top": "folder",
    "feeds dead-letters": "room",
    "feeds replay": "room web_hook/partner",
}
"""A good command line of every command, to which one wrong value is added."""
ANY_TEXT = {
    "feeds dead-letters --receiver": "text to look for",
    "audit show --person": "text to look for",
    "audit show --subject": "text to look for",
    "audit export --person": "text to look for",
    "audit export --subject": "text to look for",
    "store purge --emergency": "text for people",
    "confidential keys --recipient": "text for people",
    "drill score --shift": "text for people",
    "drill score --person": "text for people",
    "drill report --place": "text for people",
    "drill run --shift": "text for people",
    "drill mark --purpose": "text for people",
    "share make --title": "text for people",
    "handover --incidents": "incidents are only known from the store",
    "handover --purpose": "text for people",
    "export --purpose": "text for people",
    "eurosur export --purpose": "text for people",
    "share make --purpose": "text for people",
    "share withdraw --purpose": "text for people",
    "share withdraw --record": "records are only known from the log of packages",
    "user add --name": "a person's name, which the accounts check",
    "user token --label": "text for people",
    "action-plan import --title": "text for people",
    "action-plan import --source": "text for people",
    "score --purpose": "text for people",
    "screening --purpose": "text for people",
    "risk --purpose": "text for people",
    "risk --decided-by": "text for people; without --out it is refused",
    "risk --reason": "text for people; without --out it is refused",
    "score --place": "a place is only known from the indicators",
    "sector init --credit": "text for people",
    "sector init --where": "SQL is checked by GDAL, against the file",
    "sensor task --mode": "the node defines its modes",
    "sensor task --request": "the node defines its requests",
    "sensor task --stop": "the node knows its tasks",
    "sensor survey --method": "text for people",
}
"""Values that the command line cannot judge, with the reason."""
NEW_PATHS = {"--out", "--data", "--raw", "--viewsheds", "--history", "--records"}
"""Options of folders and files that need not exist; what cannot be created is wrong."""
UNLIMITED = {"sites --curvature-k", "plan --crew", "plan --max-road", "plan --max-power"}
"""Numbers that may be infinite."""


def leaves(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


COMMANDS = dict(leaves())


def wrong_values(path: str, parameter: Any) -> list[str]:
    """Values that a parameter must refuse, by its type."""
    kind, name = str(parameter.type_descriptor.annotation), f"{path} {parameter.opts[-1]}"
    if name in ANY_TEXT:
        return [""]
    if "float" in kind:
        negative = [] if parameter.opts[-1] in ("--nodata", "--lon", "--lat", "--north-offset") else ["-1"]
        return ["soon", "", "nan", "-inf", *negative, *([] if name in UNLIMITED else ["inf"])]
    if re.search(r"\bint\b", kind):
        return ["soon", "", "1.5", *([] if parameter.param_type_name == "argument" else ["-1"])]
    if "Path" in kind:
        new = name == "sector init folder" or (parameter.opts[-1] in NEW_PATHS and not exists(parameter))
        return ["", "message.json/x"] if new else ["", "nowhere/nothing.x", "message.json/x"]
    return ["no such/thing", ""]


def exists(parameter: Any) -> bool:
    return bool(parameter.type_descriptor.parameter_info.exists)


CASES = [
    (path, name_of(parameter), value)
    for path, command in COMMANDS.items()
    for parameter in command.params
    if not getattr(parameter, "is_flag", False)
    for value in wrong_values(path, parameter)
]


@pytest.fixture(scope="module")
def desk(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each thing that a command line may name."""
    folder = tmp_path_factory.mktemp("desk")
    make_sector(folder / "hills")
    Journal(folder / "journal.db").close()
    (folder / "folder").mkdir()
    AuditLog(folder / "room" / "audit").close()
    AccountStore(folder / "room" / ACCOUNTS).close()
    Journal(folder / "room" / "journal.db").close()
    IdentityFolder(folder / "keys").prepare([Name("sensor", "radar-mid")])
    (folder / "message.json").write_text("{}")
    create_key(folder / "key", Console(quiet=True))
    (folder / "agreements.toml").write_text(agreements_text(key=b64encode(bytes(32)).decode()))
    (folder / "crossing.toml").write_text("lanes = 4\n")
    for name in ("rules.toml", "movements.csv"):
        shutil.copy(samples_folder() / "cumberland" / name, folder)
    (folder / "store.db").write_text("not a store")
    (folder / "recording.csv").write_text("a,b\n")
    (folder / "points.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    return folder


def command_line(path: str, name: str, value: str) -> list[str]:
    """The good command line of a command with ``value`` for one parameter."""
    words = GOOD[path].split()
    if name in words:
        at = words.index(name) + 1
        return [*words[:at], value, *words[at + 1 :]]
    if name.startswith("--"):
        return [*words, name, value]
    arguments = [name_of(one) for one in COMMANDS[path].params if one.param_type_name == "argument"]
    at = arguments.index(name)
    given = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    return [*words[:at], value, *words[at + 1 if at < given else at :]]


def test_every_command_has_a_good_command_line():
    assert GOOD.keys() == COMMANDS.keys()
    assert {name.rpartition(" ")[0] for name in (*ANY_TEXT, *UNLIMITED)} <= GOOD.keys()


@pytest.mark.parametrize(("path", "name", "value"), CASES)
def test_a_wrong_value_is_one_sentence_that_names_its_parameter(watchline, desk, monkeypatch, path, name, value):
    monkeypatch.chdir(desk)
    before = set(desk.rglob("*"))
    ending = watchline(*path.split(), *command_line(path, name, value))
    (sentence,) = ending.err.strip().splitlines()
    assert (ending.code, ending.out) == (2, "")
    assert sentence.startswith("watchline: ")
    assert sentence.endswith(".")
    assert sentence.count("watchline: ") == 1
    assert not re.search("[Ii]nvalid value|[Ii]nput should|unable to parse|Traceback|Errno|usage:", sentence)
    assert sentence.startswith(f"watchline: {name}: "), sentence
    assert "; expected " in sentence
    assert set(desk.rglob("*")) == before


FILES = [
    (path, name_of(parameter))
    for path, command in COMMANDS.items()
    for parameter in command.params
    if "Path" in str(parameter.type_descriptor.annotation)
    and not (parameter.opts[-1] in NEW_PATHS and not exists(parameter))
    and parameter.type_descriptor.parameter_info.dir_okay in (False, None)
    and path not in ("sector init", "sensor test")  # its files are read together; the file is the message
    and parameter.opts[-1] not in ("--certificate", "--key")  # neither is read without the other
    and not parameter.opts[-1].startswith("--tls")  # a scheduler is asked with all three of them
]


@pytest.mark.parametrize(("path", "name"), FILES)
def test_a_file_of_the_wrong_kind_is_one_sentence_that_names_the_file(watchline, desk, monkeypatch, path, name):
    monkeypatch.chdir(desk)
    (desk / "rubbish.bin").write_bytes(b"\x00\xffnothing that can be read" * 9)
    words = command_line(path, name, "rubbish.bin")
    ending = watchline(*path.split(), *words)
    lines = ending.err.strip().splitlines()
    assert (ending.code, ending.out) == (1, "")
    assert any("rubbish" in line or name in line for line in lines), lines
    assert len(lines) == 1 or path == "sector check"
    assert "Traceback" not in ending.err
    assert not (desk / "new").exists(), "nothing was begun"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["coverage", "hills", "--exposure", "abc", "--out", "o"], "--exposure: 'abc'; expected a number."),
        (
            ["challenge", "hills", "--stretch", "50", "--out", "o"],
            "--stretch was renamed to --sub-section; see `watchline challenge --help`.",
        ),
        (
            ["plan", "hills", "--budget", "1", "--objective", "least_detected"],
            "--objective: 'least_detected' was renamed to 'least_detection'; expected mean_probability, worst_segment,"
            " least_detection or timely_detection.",
        ),
        (
            ["plan", "hills", "--budget", "1", "--objective", "least_interruption"],
            "--objective: 'least_interruption' was renamed to 'timely_detection'; expected mean_probability,"
            " worst_segment, least_detection or timely_detection.",
        ),
        (
            ["compare", "hills", "three", "--objective", "interruption"],
            "--objective: 'interruption' was renamed to 'least_interruption'; expected mean_detection, least_detection,"
            " mean_interruption or least_interruption.",
        ),
        (
            ["user", "list", "--data", "folder"],
            "--data: 'folder' has no accounts; expected the data folder of `watchline run`.",
        ),
        (["sector", "init", " ", "--terrain", "hills/dem.tif"], "DIR: is empty; expected a value."),
        (["sector", "init", "--", ""], "DIR: is empty; expected a value."),
        (["archive", "track", "hills", "", "folder", "--out", "o"], "SECTOR: is empty; expected a value."),
        (["archive", "track", "hills", "hills", "", "--out", "o"], "ARCHIVE: is empty; expected a value."),
        (["compare", "hills", "three", "--years", "2", ""], "LAYOUT: is empty; expected a value."),
        (["sensor", "register", "hills", " "], "SENSOR: is empty; expected a value."),
        (["doctor", ""], "argument 1: is empty; expected a value."),
        (["sector", "init", "new", "--name= "], "--name: is empty; expected a value."),
        (["demo", "--port", "70000"], "--port: '70000'; expected a whole number from 1 to 65535."),
        (["completion", "nosuch"], "SHELL: 'nosuch'; expected bash, zsh or fish."),
        (["plan", "hills"], "missing option --budget; see `watchline plan --help`."),
        (["replay"], "missing argument SECTOR; see `watchline replay --help`."),
        (["coverage", "hills", "--out"], "--out: the value is missing; see `watchline coverage --help`."),
        (["doctor", "--json=yes"], "--json: takes no value; see `watchline doctor --help`."),
        (["doctor", "now", "please"], "unexpected argument 'now'; see `watchline doctor --help`."),
        (["compare", "hills", "three"], "LAYOUT: 1 layout; expected at least 2 layouts."),
        (
            ["dead-letters", "replay", "journal.db"],
            "ID: no dead letter selected; expected IDs, --sensor, --code or --all.",
        ),
        (
            ["store", "copy", "postgresql+psycopg://u:secret@db/w", "new.db"],
            "SOURCE: not an address; expected postgresql://user@host:port/database.",
        ),
        (
            ["store", "copy", "journal.db", "Postgres://u:secret@db/w"],
            "TARGET: not an address; expected postgresql://user@host:port/database.",
        ),
        (
            ["journal", "stats", "postgresql://u:sec@ret/s@db/w"],
            "JOURNAL: 'postgresql://u:…@db/w' does not exist; expected an existing file or folder.",
        ),
        (["sensor", "list", "hills", "--data", "message.json"], "--data: 'message.json' is a file; expected a folder."),
        (["sector", "check", "hills", "--settings", "folder"], "--settings: 'folder' is a folder; expected a file."),
    ],
    ids=" ".join,
)
def test_sentences_of_wrong_command_lines(watchline, desk, monkeypatch, arguments, sentence):
    monkeypatch.chdir(desk)
    ending = watchline(*arguments)
    assert (ending.code, ending.out, ending.err.strip()) == (2, "", f"watchline: {sentence}")


def test_a_layout_that_does_not_exist_is_named_as_it_was_typed(watchline, desk, monkeypatch):
    """After an option by the option, as an argument by the argument's name."""
    monkeypatch.chdir(desk)
    for name, arguments in (
        ("--start", ["plan", "hills", "--budget", "1", "--start", "nowhere"]),
        ("--layout", ["sensor", "list", "hills", "--layout", "nowhere"]),
        ("LAYOUT", ["compare", "hills", "nowhere", "three"]),
    ):
        ending = watchline(*arguments)
        assert (ending.code, ending.out) == (2, "")
        assert ending.err.startswith(f"watchline: {name}: ")
        assert ending.err.endswith("has no layout 'nowhere'; expected one of three, or a file.\n")


def test_the_choices_of_options_are_those_of_the_analysis():
    """The choices are written at the options, so that the shell completes them without loading the analysis."""
    from sensors.detection_model.assumptions import TARGETS
    from sensors.planning.choice.plan import OBJECTIVES as PLAN_OBJECTIVES
    from sensors.planning.comparison.settings import OBJECTIVES

    def choices(option: Any) -> tuple[str, ...]:
        return get_args(get_args(option)[0])

    for command in ("audit show", "audit export"):
        operation = next(one for one in COMMANDS[command].params if one.name == "operation")
        assert tuple(operation.type_descriptor.choices) == OPERATIONS
    assert set(choices(TargetOption)) == set(TARGETS)
    assert choices(DirectionOption) == ("inward", "outward")
    assert f"Default: {', '.join(ITEMS)}." in next(one.help for one in COMMANDS["plan"].params if one.name == "items")
    for record, objectives in ((PlanOptions, PLAN_OBJECTIVES), (CompareOptions, OBJECTIVES)):
        parameter = next(one for one in COMMANDS[record.__module__.split(".")[-2]].params if one.name == "objective")
        assert set(parameter.type_descriptor.choices) == set(objectives)


@pytest.mark.parametrize("group", [name for name, command in ROOT.commands.items() if hasattr(command, "commands")])
def test_a_group_alone_shows_its_help(watchline, group):
    ending, help_text = watchline(group), watchline(group, "--help").out
    assert (ending.code, ending.out) == (2, "")
    assert ending.err == help_text
    assert ending.err.startswith(f"Usage: watchline {group} ")


@pytest.mark.parametrize("arguments", [[], ["--verbose"], ["--language", "fr"]], ids=" ".join)
def test_options_without_a_command_show_the_help(watchline, monkeypatch, arguments):
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en")
    ending = watchline(*arguments)
    assert (ending.code, ending.out) == (2, "")
    assert ending.err.startswith("Usage: watchline ")


@pytest.mark.parametrize(("variable", "value"), [("WATCHLINE_LANGUAGE", "zz"), ("WATCHLINE_UNITS", "furlongs")])
def test_a_wrong_variable_never_hides_the_help_and_is_named_when_a_command_runs(
    watchline, desk, monkeypatch, variable, value
):
    monkeypatch.chdir(desk)
    monkeypatch.setenv(variable, value)
    for arguments in (["--help"], ["coverage", "--help"], ["sector", "--help"], ["--version"]):
        ending = watchline(*arguments)
        assert (ending.code, ending.err) == (0, "")
    assert watchline("sector").err.startswith("Usage: ")
    ending = watchline("journal", "stats", "journal.db")
    assert ending.code == 2
    assert ending.err.startswith(f"watchline: {variable}: unknown ")
    assert f"{value!r}; expected " in ending.err
