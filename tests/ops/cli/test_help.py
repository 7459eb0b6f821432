"""The help of every command: grouped, within 80 columns, with examples that parse; hints for what was mistyped."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pytest
import typer.main

from ops.cli import app as cli
from ops.cli.command_tree import LONGEST_SUMMARY, examples_of
from tests.patience import PATIENT_S

ROOT = typer.main.get_command(cli.app)
IMPERATIVE = re.compile(
    "Add|Archive|Assess|Check|Compare|Compute|Configure|Convert|Copy|Count|Create|Decode|Draw|Enrol|Erase|Evaluate|Exchange|Fetch|Fuse|Inspect|List|"
    "Lock|Manage|Merge|Optimise|Preview|Print|Record|Register|Remove|Replace|Reprocess|Reset|Resubmit|Revoke|Run|Send|"
    "Separate|Serve|Show|Simulate|Summarise|Test|Track|Unlock|Verify|Withdraw|Write"
)

FILES = [
    "settings.toml",
    "candidates.geojson",
    "indicators.csv",
    "crossing.toml",
    "means.csv",
    "movements.csv",
    "rules.toml",
    "measures.csv",
    "message.json",
    "recording.csv",
    "dem.tif",
    "trainings.csv",
    "training.jsonl",
    "inspector.key",
    "nation.toml",
]
FILES += ["border.shp", "out/demo/store.db", "out/demo/journal.db", "data/store.db", "copy.db"]
FILES += ["agreements.toml", "nation.toml", "south.zip", "server.pem", "server.key", "reports.json"]
FILES += ["answers.json", "scorer.key"]
"""The files that the examples name."""


def tree(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and subcommand, by its path."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from tree(child, (*path, name))


COMMANDS = dict(tree())
LEAVES = {path: command for path, command in COMMANDS.items() if not hasattr(command, "commands")}
EXAMPLES = [(" ".join(path), line) for path, command in LEAVES.items() for line in examples_of(command)]


def sentence(ending: Any) -> str:
    """The only line of a command that was refused."""
    assert ending.code == 2
    assert ending.out == ""
    (line,) = ending.err.strip().splitlines()
    assert line.startswith("watchline: ")
    assert line.endswith(".")
    return line


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_in_80_columns(watchline, path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ending = watchline(*path, "--help")
    assert (ending.code, ending.err) == (0, "")
    assert [line for line in ending.out.splitlines() if len(line) > 80] == []
    for parameter in COMMANDS[path].params:
        assert parameter.help, parameter.name


def test_every_command_is_in_one_group_of_the_help(watchline):
    named = [name for group in cli.GROUPS for name in group.by_name]
    assert sorted(named) == sorted(ROOT.commands)
    lines = watchline("--help").out.splitlines()
    for title, by_name in cli.GROUPS:
        listed = takewhile(str, lines[lines.index(f"{title}:") + 1 :])
        assert [line.split()[0] for line in listed] == list(by_name)


@pytest.mark.parametrize("path", [path for path in COMMANDS if path], ids=" ".join)
def test_summaries_are_short_and_in_the_imperative(path):
    summary = (COMMANDS[path].help or "").split("\n\n")[0]
    assert len(summary) <= LONGEST_SUMMARY
    assert summary.endswith(".")
    assert IMPERATIVE.fullmatch(summary.split()[0].rstrip(","))


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_examples_and_quiet(path):
    assert examples_of(LEAVES[path])
    assert "--quiet" in [option for parameter in LEAVES[path].params for option in parameter.opts]


@pytest.mark.parametrize(("path", "line"), EXAMPLES)
def test_an_example_parses_as_its_command(path, line, tmp_path, monkeypatch):
    """Files that must exist are made; the values are not looked at."""
    monkeypatch.chdir(tmp_path)
    for folder in (
        "archive",
        "broker",
        "data/identity",
        "tiles",
        "witness",
        "out/demo",
        "out/challenge",
        "out/score",
        "out/score-south",
        "exchange-key",
        "exchange-broker",
    ):
        (tmp_path / folder).mkdir(parents=True)
    for file in FILES:
        (tmp_path / file).touch()
    words = shlex.split(line.partition(" > ")[0].removeprefix('eval "$(').removesuffix(')"'))
    program, *arguments = words
    assert program == "watchline"
    assert " ".join(arguments).startswith(path)
    command, names = ROOT, path.split()
    context = command.make_context("watchline", list(arguments), resilient_parsing=False)
    for name in names:
        command = command.commands[name]
        context = command.make_context(name, arguments[names.index(name) + 1 :], parent=context)
    assert context.command is LEAVES[tuple(names)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["coverag", "cumberland"], "unknown command 'coverag' (did you mean 'coverage'?); see `watchline --help`"),
        (["sensor", "lst"], "unknown command 'lst' (did you mean 'list'?); see `watchline sensor --help`"),
        (["challenge", "cumberland", "--draw", "5"], "'--draw' (did you mean '--samples'?); see `watchline challenge"),
        (["plan", "cumberland", "--gab", "1"], "'--gab' (did you mean '--optimality-gap'?)"),
        (
            ["sector", "schema", "setings"],
            "NAME: 'setings' (did you mean 'settings'?); expected sector, layout, settings or catalogue.",
        ),
        (["sector", "schema"], "missing argument NAME; expected sector, layout, settings or catalogue; see"),
        (["run", "cumberland", "--dta", "d"], "'--dta' (did you mean '--data'?); see `watchline run --help`"),
        (["--languages", "fr", "doctor"], "'--languages' (did you mean '--language'?); see `watchline --help`"),
        (["xyzzy"], "unknown command 'xyzzy'; see `watchline --help`"),
        (["run", "--sector", "a", "--data", "d"], "--sector was removed: name the sector as the first argument"),
        (["replay", "j.db", "--sector=a", "--out", "o"], "as in `watchline replay SECTOR JOURNAL`"),
        (["record", "--sector-id", "a"], "--sector-id was removed: name the sector as the first argument"),
        (["record", "a", "--journal", "j"], "--journal was removed: name the journal with --out"),
        (["completion", "tcsh"], "SHELL: 'tcsh'; expected bash, zsh or fish"),
    ],
    ids=" ".join,
)
def test_what_is_mistyped_is_one_sentence_with_a_hint(watchline, arguments, words):
    assert words in sentence(watchline(*arguments))


@pytest.mark.parametrize("command", ["coverage", "challenge", "simulate"])
def test_a_sector_that_does_not_exist_is_not_blamed_on_an_option(watchline, tmp_path, command):
    ending = watchline(command, "cumberlnd", "--out", tmp_path / "out")
    assert ending.code == 2
    assert ending.err.startswith("watchline: SECTOR: no sector 'cumberlnd' (did you mean 'cumberland'?); expected")
    assert "--sector" not in ending.err


def test_a_layout_that_does_not_exist_is_answered_with_the_closest(watchline, tmp_path):
    ending = watchline("coverage", "cumberland", "--layout", "hightek", "--out", tmp_path / "out")
    assert ending.code == 2
    assert "has no layout 'hightek' (did you mean 'hightech'?)" in ending.err


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [("--language", "xx", "expected en or fr"), ("--units", "furlongs", "expected metric or nautical or imperial")],
)
def test_an_unknown_language_or_unit_is_one_sentence(watchline, monkeypatch, option, value, expected):
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en")  # restored after the test, as are the units
    monkeypatch.setenv("WATCHLINE_UNITS", "metric")
    ending = watchline(option, value, "doctor")
    assert ending.code == 2
    assert ending.err.startswith(f"watchline: {option}: ")
    assert expected in ending.err


def test_quiet_leaves_errors_and_json(watchline, hill_journal, tmp_path):
    loud, quiet = watchline("journal", "stats", hill_journal), watchline("journal", "stats", hill_journal, "--quiet")
    assert loud.err.strip()
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    both = watchline("journal", "stats", hill_journal, "-q", "--json")
    assert both.err == ""
    assert both.out.startswith("{")
    assert "none.db' does not exist" in watchline("journal", "stats", tmp_path / "none.db", "-q").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_names_the_variable_that_the_command_reads(watchline, shell):
    ending = watchline("completion", shell)
    assert (ending.code, ending.err) == (0, "")
    assert "watchline" in ending.out
    assert cli.COMPLETION_VARIABLE in ending.out


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("watchline cov", {"coverage"}),
        ("watchline sensor ", {"register", "list", "test", "task", "survey", "calibrate"}),
        ("watchline run cumb", {"cumberland"}),
        ("watchline run cumberland --sap", {"--sapient", "--sapient-listen"}),
    ],
)
def test_the_shell_completes(typed, completions):
    environment = {
        **os.environ,
        cli.COMPLETION_VARIABLE: "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    program = [sys.executable, "-m", "ops.cli"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=PATIENT_S)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == completions


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "radra"], "no item 'radra' (did you mean 'ift_radar'?); expected one of"),
        (["show", "ift_radra"], "no item 'ift_radra' (did you mean 'ift_radar'?); expected one of"),
        (["list", "--kind", "radra"], "--kind: 'radra' (did you mean 'radar'?); expected one of"),
    ],
)
def test_a_mistyped_item_or_kind_of_the_catalogue_has_a_hint(watchline, arguments, words):
    ending = watchline("catalogue", *arguments)
    assert ending.code == 2
    assert words in ending.err


@pytest.mark.parametrize(
    "arguments",
    [["demo", "cumberlnd"], ["demo", "--layout", "hightek"], ["run", "cumberlnd", "--data", "data"]],
    ids=" ".join,
)
def test_a_wrong_sector_or_layout_is_named_before_kernels_are_compiled(watchline, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    compiled: list[object] = []
    monkeypatch.setattr("ops.runtime.compile_kernels.compile_missing", compiled.append)
    ending = watchline(*arguments)
    assert ending.code == 2
    assert "did you mean" in ending.err
    assert not compiled


@pytest.mark.parametrize(
    ("arguments", "beginning"),
    [
        (["coverage", "cumberland", "--layout", "hightek"], "watchline: --layout: "),
        (["plan", "cumberland", "--budget", "1000", "--start", "hightek"], "watchline: --start: "),
        (["compare", "cumberland", "basic", "hightek"], "watchline: LAYOUT: "),
        (["terrain", "info", "dem.tif", "--sector", "cumberlnd"], "watchline: --sector: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_names_the_option_as_it_was_typed(watchline, tmp_path, monkeypatch, arguments, beginning):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dem.tif").write_bytes(b"")
    ending = watchline(*arguments, *(["--out", "out"] if arguments[0] == "coverage" else []))
    assert ending.code == 2
    assert ending.err.startswith(beginning)
