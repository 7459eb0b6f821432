"""``watchline audit``: show, verify and export; and that commands which disclose records are recorded."""

import json
import os

import pytest

from geo.errors import BadInput
from ops.audit.command import record_command
from ops.audit.entry import AuditEntry
from ops.audit.files import day_files
from ops.audit.log import AuditLog
from ops.audit.purposes import DEFAULT_PURPOSES, purpose_of
from ops.audit.search import EntryFilter
from ops.cli import main

T0_NS = 1_773_522_000 * 10**9  # 2026-03-14T21:00:00Z
MINUTE_NS = 60 * 10**9


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line; return (exit code, stdout, stderr)."""

    def command(*arguments):
        monkeypatch.setattr("sys.argv", ["watchline", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "80")
        try:
            code = main()
        except SystemExit as ending:
            code = ending.code
        return code or 0, *capsys.readouterr()

    return command


@pytest.fixture
def data(tmp_path):
    """A data folder whose log has four entries, with a witness copy."""
    log = AuditLog(tmp_path / "data" / "audit", witness=tmp_path / "witness", now_ns=lambda: T0_NS)
    for number, (person, role, operation, what, subject) in enumerate(
        [
            ("m.keller", "operator", "consultation", "GET /api/tracks", "live tracks"),
            ("m.keller", "operator", "alteration", "POST /api/alerts/A1/reject", "alert A1"),
            ("hostile \x1b[31m\nname", "viewer", "consultation", "GET /api/alerts/A1" + "x" * 300, "alert A1"),
            ("a.rossi", "analyst", "disclosure", "watchline replay", "all tracks"),
        ]
    ):
        log.add(AuditEntry(T0_NS + number * MINUTE_NS, person, role, operation, what, "night watch", subject))
    log.close()
    return tmp_path / "data"


def test_show_lists_entries_in_80_columns_and_no_control_characters_reach_the_terminal(run, data):
    code, out, err = run("audit", "show", data)
    assert (code, out) == (0, "")
    assert max(map(len, err.splitlines())) <= 80
    assert "m.keller" in err
    assert "\x1b" not in err
    assert "4 entries" in err


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [0, 1, 2, 3]),
        (["--person", "m.keller"], [0, 1]),
        (["--operation", "disclosure"], [3]),
        (["--subject", "ALERT a1"], [1, 2]),
        (["--since", "2026-03-14T21:01:00Z", "--until", "2026-03-14T22:03:00+01:00"], [1, 2]),
        (["--limit", "1"], [3]),
    ],
)
def test_show_filters(run, data, options, numbers):
    code, out, _ = run("audit", "show", data, "--json", *options)
    assert code == 0
    assert [one["n"] for one in json.loads(out)["entries"]] == numbers


def test_what_is_shown_is_recorded_as_what_is_exported_is(run, data):
    assert run("audit", "show", data, "--limit", "3")[0] == 0
    newest = json.loads(run("audit", "show", data, "--json")[1])["entries"][-1]
    assert (newest["n"], newest["operation"], newest["what"]) == (4, "consultation", "watchline audit show")
    assert newest["subject"] == "3 entries of the audit log"
    assert run("audit", "verify", data)[0] == 0


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_log_that_was_changed_is_shown_and_that_this_was_not_recorded_is_stated(run, data, quiet):
    (path,) = day_files(data / "audit")
    changed = path.read_bytes().replace(b"alert A1", b"alert A2", 1)
    path.write_bytes(changed)
    code, out, err = run("audit", "show", data, "--json", *quiet)
    assert (code, json.loads(out)["count"]) == (0, 4)
    assert "these entries were shown could not be recorded" in err
    assert "was changed near entry" in err
    assert path.read_bytes() == changed


def test_a_copy_without_the_key_is_shown_and_verified_with_the_witness_and_not_changed(run, data):
    (data / "audit" / "signing.key").unlink()
    (data / "audit" / ".lock").unlink()
    before = {path.name: path.read_bytes() for path in (data / "audit").iterdir()}
    assert run("audit", "show", data)[0] == 0
    code, _, err = run("audit", "verify", data)
    assert code != 0
    assert "has no key of the log; expected --witness or --identity" in " ".join(err.split())
    assert run("audit", "verify", data, "--witness", data.parent / "witness")[0] == 0
    assert {path.name: path.read_bytes() for path in (data / "audit").iterdir()} == before


def test_json_does_not_depend_on_the_language(run, data, monkeypatch):
    english = run("audit", "show", data, "--json", "--person", "m.keller")[1]
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    _, out, err = run("audit", "show", data, "--json", "--person", "m.keller")
    assert out == english
    assert "entrées" in err
    assert json.loads(out)["entries"][0] == {
        "n": 0, "at": "2026-03-14T21:00:00.000Z", "person": "m.keller", "role": "operator",
        "operation": "consultation", "what": "GET /api/tracks", "purpose": "night watch", "subject": "live tracks",
    }  # fmt: skip


def test_verify_says_what_the_witness_confirms(run, data):
    code, out, err = run("audit", "verify", data, "--witness", data.parent / "witness", "--json")
    assert (code, json.loads(out)["witnessed"]) == (0, 4)
    assert "confirms 4 entries" in err
    assert "older copy" in run("audit", "verify", data)[2]


def test_verify_ends_with_1_and_names_the_entry(run, data):
    (path,) = day_files(data / "audit")
    path.write_bytes(path.read_bytes().replace(b"alert A1", b"alert A2", 1))
    code, out, err = run("audit", "verify", data, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert "entry 1 was changed" in err


def test_export_writes_json_lines_and_is_itself_recorded(run, data, monkeypatch):
    monkeypatch.setenv("WATCHLINE_PURPOSE", "request of the data protection officer")
    out = data.parent / "out.jsonl"
    code, _, _ = run("audit", "export", data, "--out", out, "--person", "m.keller")
    assert code == 0
    assert [json.loads(line)["n"] for line in out.read_text().splitlines()] == [0, 1]
    assert out.stat().st_mode & 0o777 == 0o600
    last = AuditLog(data / "audit").entries()[-1]
    assert (last.operation, last.subject) == ("disclosure", "2 entries of the audit log")
    assert last.purpose == "request of the data protection officer"


def test_an_export_that_cannot_be_recorded_leaves_no_file(run, data, monkeypatch):
    monkeypatch.setenv("WATCHLINE_PURPOSE", "x")
    out = data.parent / "out.jsonl"
    code, _, err = run("audit", "export", data, "--out", out)
    assert code == 1
    assert "WATCHLINE_PURPOSE: cannot be logged" in err
    assert [path.name for path in data.parent.iterdir() if path.name.startswith("out")] == []


@pytest.mark.parametrize("folder", ["", "audit"])
@pytest.mark.parametrize("command", ["export", "transparency"])
def test_an_export_over_a_file_of_the_data_folder_is_refused(run, data, command, folder):
    (log,) = day_files(data / "audit")
    other = data / "field.db"
    other.write_bytes(b"devices")
    for file in (log, other):
        before = file.read_bytes()
        code, _, err = run("audit", command, data / folder, "--out", file)
        assert (code, file.read_bytes()) == (2, before)
        assert "is a file of the data folder" in err


NO_LOG = "{EMPTY}: has no audit log; expected the data folder of `watchline run` or `demo`."


@pytest.mark.parametrize(
    ("arguments", "ending", "said"),
    [
        (["show", "nowhere"], 2, "DATA: 'nowhere' does not exist; expected an existing file or folder."),
        (["show", "EMPTY"], 1, NO_LOG),
        (["verify", "EMPTY"], 1, NO_LOG),
        (
            ["show", "DATA", "--operation", "reading"],
            2,
            "--operation: 'reading'; expected collection, consultation, disclosure, alteration or erasure.",
        ),
        (
            ["show", "DATA", "--since", "yesterday"],
            2,
            "--since: 'yesterday' is not a valid time; expected a time such as 2026-03-14T21:07:33Z.",
        ),
        (
            ["verify", "DATA", "--witness", "nowhere"],
            2,
            "--witness: 'nowhere' does not exist; expected an existing folder.",
        ),
        (
            ["export", "DATA", "--out", "no/such/folder/x"],
            1,
            "no/such/folder/x: cannot be written (No such file or directory); expected a file.",
        ),
    ],
)
def test_bad_input_is_one_sentence(run, data, arguments, ending, said):
    (data.parent / "empty").mkdir()
    places = {"DATA": data, "EMPTY": data.parent / "empty"}
    code, out, err = run("audit", *[str(places.get(one, one)) for one in arguments])
    assert (code, out, err) == (ending, "", f"watchline: {said.format(**places)}\n")


def test_a_command_on_a_journal_without_a_log_records_nothing_and_makes_no_folder(tmp_path):
    record_command(tmp_path / "journal.db", "replay", "all tracks")
    assert list(tmp_path.iterdir()) == []


def test_a_command_is_recorded_with_the_user_of_this_machine(data):
    record_command(data / "journal.db", "replay", "all tracks and alerts")
    last = AuditLog(data / "audit").entries()[-1]
    assert (last.role, last.operation, last.what) == ("admin", "disclosure", "watchline replay")
    assert last.purpose == DEFAULT_PURPOSES["admin"]


def test_the_purpose_of_the_environment_may_have_accents(data, monkeypatch):
    monkeypatch.setenv("WATCHLINE_PURPOSE", "enquête 12")
    record_command(data / "journal.db", "replay", "all tracks and alerts")
    assert AuditLog(data / "audit").entries()[-1].purpose == "enquête 12"


def test_a_command_of_an_account_without_a_name_is_recorded_with_its_number(data, monkeypatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    record_command(data / "journal.db", "replay", "all tracks and alerts")
    assert AuditLog(data / "audit").entries()[-1].person == f"uid {os.getuid()}"


@pytest.mark.parametrize("role", ["viewer", "operator", "supervisor", "planner", "analyst", "admin"])
def test_each_role_has_a_default_purpose_and_a_stated_one_replaces_it(role):
    assert purpose_of(role) == DEFAULT_PURPOSES[role]
    assert purpose_of(role, "incident 12") == "incident 12"


@pytest.mark.parametrize("stated", ["", "x", "a\nb c", "x" * 201, "é" * 9])
def test_a_purpose_that_cannot_be_logged_is_refused(stated):
    with pytest.raises(BadInput, match="Purpose"):
        purpose_of("operator", stated)


def test_a_filter_refuses_an_unknown_operation():
    with pytest.raises(BadInput, match="consultation"):
        EntryFilter(operation="reading")
