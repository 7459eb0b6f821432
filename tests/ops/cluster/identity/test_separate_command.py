"""``watchline cluster separate`` on a folder: what it writes, records and prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.cli.app import app
from ops.cluster.identity.nation_store import Continued, NationReader, NationStore
from ops.runtime.account import account_name
from ops.store.writer import Store

FOUND = Continued("east", "I2", "west", "I1", "Na")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("west", "east"):
        Store(tmp_path / name / "store.db").close()
    AuditLog(tmp_path / "west" / FOLDER).close()  # the east has no log yet
    with NationStore(tmp_path) as store:
        store.commit(continued=[FOUND])
    return tmp_path


def run(data: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["cluster", "separate", str(data), *arguments])
    return done.exit_code, f"{done.output}{done.exception or ''}"


def separated_by(data: Path) -> list[str]:
    with NationReader(data) as reader:
        return [one.separated_by for one in reader.continued()]


def test_it_separates_and_joins_again_and_records_both_in_the_logs_of_both_sectors(data: Path) -> None:
    user = account_name()
    steps = [
        ((), "I2 of east and I1 of west are separated.", [user]),
        ((), "were already separated; nothing was changed.", [user]),
        (("--rejoin",), "I2 of east and I1 of west are joined again.", [""]),
        (("--rejoin",), "were not separated; nothing was changed.", [""]),
    ]
    for more, said, expected in steps:
        code, output = run(data, "east", "I2", *more)
        assert code == 0, output
        assert said in " ".join(output.split())
        assert separated_by(data) == expected
    code, output = run(data, "east", "I2", "--json")
    assert json.loads(output.splitlines()[-1]) == {
        "action": "separate", "done": True,
        "sector": "east", "incident": "I2", "before_sector": "west", "before_incident": "I1",
    }  # fmt: skip
    pair = "incident I2 (east), I1 (west)"
    done = [f"{pair}: {action}" for action in ("separate", "separate", "rejoin", "rejoin", "separate")]
    for name in ("west", "east"):
        entries = list(each_entry(data / name / FOLDER, EntryFilter()))
        assert [(one.person, one.operation) for one in entries] == [(user, "alteration")] * len(done)
        assert [one.subject for one in entries] == done


@pytest.mark.parametrize(
    ("sector", "incident", "refusal"),
    [
        ("west", "I1", "INCIDENT: I1 of west continues no incident of another sector; expected one that"),
        ("east", "I9", "INCIDENT: I9 of east continues no incident of another sector; expected one that"),
        ("east", "I 2", "INCIDENT: 'I 2' is not the id of an incident; expected one that"),
        ("south", "I2", "has no sector 'south'; expected a sector's name."),
    ],
)
def test_what_continues_nothing_is_refused_and_nothing_is_written(
    data: Path, sector: str, incident: str, refusal: str
) -> None:
    code, output = run(data, sector, incident)
    assert code != 0
    assert refusal in " ".join(output.split())
    assert separated_by(data) == [""]
    assert not (data / "east" / FOLDER).exists()


def test_a_log_that_cannot_be_written_leaves_them_joined(data: Path) -> None:
    (data / "east" / FOLDER).write_text("in the place of the folder of the log")
    code, _ = run(data, "east", "I2")
    assert code != 0
    assert separated_by(data) == [""]
