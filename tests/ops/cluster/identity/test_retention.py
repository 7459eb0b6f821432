"""Retention of ``nation.db``: hand-worked days, legal holds, what incidents keep, a process that writes meanwhile."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from geo.errors import BadInput
from ops.accounts.person import Person, Session
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.cli.app import app
from ops.cluster.identity.decision import IdentityChange, IdentityDecision
from ops.cluster.identity.nation_store import FILE, Continued, NationError, NationReader, NationStore
from ops.cluster.identity.retention import purge_nation, purge_nation_folder
from ops.governance.approvals import Approvals
from ops.governance.two_person import Party
from ops.sector.settings import Settings, load_settings

QUIET = Console(quiet=True)


def ns(day: int, hour: int = 12) -> int:
    return int(datetime(2026, 3, day, hour, tzinfo=UTC).timestamp()) * 10**9


def rules(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return load_settings(file)


def filled(folder: Path) -> None:
    """Tracks of day 1, one of which continues in east on day 3; the incident of another one continues an incident."""
    with NationStore(folder) as store:
        store.commit(
            [
                IdentityDecision("west", "W1", "Na", ns(1)),
                IdentityDecision("east", "E1", "Na", ns(3), ("west", "W1"), 7.25),
                IdentityDecision("west", "W2", "Nb", ns(1, 23)),
                IdentityDecision("east", "E2", "Nc", ns(1)),
            ],
            progress={"west": ns(3), "east": ns(9)},
            continued=[Continued("east", "I2", "west", "I1", "Nc")],
            summaries={"west": b"{}", "east": b"{}"},
        )


def left(folder: Path) -> tuple[set[str], int, set[str]]:
    """Tracks, incidents that continue others, and sectors with figures."""
    with NationReader(folder) as reader:
        return {track for _, track in reader.identities()}, len(reader.continued()), set(reader.summaries())


def test_a_change_of_identity_goes_with_its_track(tmp_path: Path) -> None:
    filled(tmp_path)
    later, settings = ns(4), rules(tmp_path, "[retention]\ntracks = 2\nalerts = 5\n")
    with NationStore(tmp_path) as store:
        store.commit(changes=[IdentityChange("west", "W1", later, "Nb"), IdentityChange("east", "E1", later, "Nb")])
    purge_nation(tmp_path, settings, today=date(2026, 3, 4))
    with NationReader(tmp_path) as reader:
        assert [one.track for one in reader.changes()] == ["E1"]
        assert reader.history().keys() == reader.identities().keys()


def test_that_two_identities_met_goes_with_the_track_that_showed_it(tmp_path: Path) -> None:
    filled(tmp_path)
    settings = rules(tmp_path, "[retention]\ntracks = 2\nalerts = 5\n")
    with NationStore(tmp_path) as store:
        store.commit(changes=[IdentityChange("west", "W2", ns(2), "Na", "Nb"),
                              IdentityChange("east", "E2", ns(2), "Na", "Nc")])  # fmt: skip
    purge_nation(tmp_path, settings, today=date(2026, 3, 4))
    with NationReader(tmp_path) as reader:
        assert [reader.met(ended) for ended in ("Nb", "Nc")] == [None, "Na"]


def test_an_identity_that_a_change_founded_stays_as_long_as_the_incident_that_has_it(tmp_path: Path) -> None:
    """W2 left its identity for Nx, which has no decision; an incident of it continues another of that target."""
    filled(tmp_path)
    settings = rules(tmp_path, "[retention]\ntracks = 2\nalerts = 5\n")
    kept = Continued("west", "I3", "east", "I2", "Nx", apart=True)
    with NationStore(tmp_path) as store:
        store.commit(changes=[IdentityChange("west", "W2", ns(2), "Nx")], continued=[kept])
    for today, expected in ((3, {kept}), (4, {kept}), (7, set())):
        purge_nation(tmp_path, settings, today=date(2026, 3, today))
        with NationReader(tmp_path) as reader:
            assert {one for one in reader.continued() if one.incident == "I3"} == expected
            assert [one.national for one in reader.changes()] == ["Nx"] * len(expected)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert db.execute("SELECT count(*) FROM opened_apart").fetchone() == (0,)


def test_a_file_from_before_a_table_was_added_is_purged_too(tmp_path: Path) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE met")
    purge_nation(tmp_path, rules(tmp_path, "[retention]\ntracks = 2\nalerts = 5\n"), today=date(2026, 3, 7))
    assert left(tmp_path) == (set(), 0, {"west", "east"})


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (3, ({"W1", "E1", "W2", "E2"}, 1, {"west", "east"})),  # day 1 is 2 days ago: not yet more than 2
        (4, ({"E1", "E2"}, 1, {"west", "east"})),  # tracks of day 1 are due; E2 is of an incident, kept for 5 days
        (6, ({"E2"}, 1, {"west", "east"})),
        (7, (set(), 0, {"west", "east"})),  # alerts of day 1 are due
        (9, (set(), 0, {"east"})),  # the newest figures of west are of day 3
    ],
)
def test_each_record_goes_on_its_day(tmp_path: Path, today: int, expected: tuple[set[str], int, set[str]]) -> None:
    """Tracks 2 days, alerts 5: what is of day d is due on the first day with more than so many days since."""
    filled(tmp_path)
    settings = rules(tmp_path, "[retention]\ntracks = 2\nalerts = 5\n")
    before = left(tmp_path)
    planned = purge_nation(tmp_path, settings, today=date(2026, 3, today), dry_run=True)
    assert left(tmp_path) == before
    assert purge_nation(tmp_path, settings, today=date(2026, 3, today)).records == planned.records
    assert left(tmp_path) == expected
    assert planned.records == sum(len(part) for part in (before[0] - expected[0], before[2] - expected[2])) + (
        before[1] - expected[1]
    )


def test_nothing_goes_without_a_period_or_under_a_hold(tmp_path: Path) -> None:
    filled(tmp_path)
    before = left(tmp_path)
    assert purge_nation(tmp_path, Settings(), today=date(2027, 3, 1)).records == 0
    settings = rules(
        tmp_path,
        '[retention]\ntracks = 2\nalerts = 2\n[[hold]]\nreason = "case 1/2026"\nfirst_day = 2026-03-01\n'
        'last_day = 2026-03-01\nuntil = 2026-12-31\nkinds = ["tracks"]\n',
    )
    purge_nation(tmp_path, settings, today=date(2026, 3, 8))
    assert left(tmp_path)[0] == before[0] - {"E1"}


def test_a_process_that_writes_the_file_goes_on(tmp_path: Path) -> None:
    filled(tmp_path)
    with NationStore(tmp_path) as store:
        settings = rules(tmp_path, "[retention]\ntracks = 2\n")
        assert purge_nation(tmp_path, settings, today=date(2026, 3, 9)).records > 0
        store.commit([IdentityDecision("west", "W9", "Nz", ns(9))])
    assert left(tmp_path)[0] == {"E2", "W9"}


def test_what_was_erased_is_in_no_file_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with NationStore(folder) as store:
        store.commit([IdentityDecision("west", "W-to-be-forgotten", "Nunheard", ns(1))])
        store.commit([IdentityDecision("west", "W-that-stays", "Na", ns(9))])
    purge_nation(folder, rules(tmp_path, "[retention]\ntracks = 2\n"), today=date(2026, 3, 9))
    content = b"".join(path.read_bytes() for path in folder.glob(f"{FILE}*"))
    assert b"W-that-stays" in content
    assert b"W-to-be-forgotten" not in content
    assert b"Nunheard" not in content


def test_the_audit_log_states_it_before_it_is_done(tmp_path: Path) -> None:
    filled(tmp_path)
    log = AuditLog(tmp_path / "audit")
    log.close()
    settings = rules(tmp_path, "[retention]\ntracks = 2\n")
    for _ in range(2):
        purge_nation(tmp_path, settings, today=date(2026, 3, 9), by=("watchline", "system"))
    found = [one.entry for one in each_entry(tmp_path / "audit", EntryFilter()) if one.entry.operation == "erasure"]
    assert [(one.subject, one.purpose, one.role) for one in found] == [
        ("3 records of identities across sectors", "retention", "system")
    ]


@pytest.mark.parametrize("spoil", ["PRAGMA user_version = 9", "PRAGMA application_id = 1"])
def test_a_file_of_another_version_is_refused_and_not_changed(tmp_path: Path, spoil: str) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute(spoil)
    before = left(tmp_path)
    with pytest.raises(NationError, match="is not a file of this version; expected version 1"):
        purge_nation(tmp_path, rules(tmp_path, "[retention]\ntracks = 2\n"), today=date(2026, 3, 9))
    assert left(tmp_path) == before


def test_without_a_file_there_is_nothing_to_erase(tmp_path: Path) -> None:
    assert purge_nation(tmp_path, Settings(), today=date(2026, 3, 9)).records == 0
    assert not (tmp_path / FILE).exists()


def test_store_purge_takes_the_folder_of_a_cluster(tmp_path: Path) -> None:
    filled(tmp_path)
    rules(tmp_path, "[retention]\ntracks = 2\nalerts = 2\n")
    words = ["store", "purge", str(tmp_path), "--settings", str(tmp_path / "settings.toml")]
    result: Any = CliRunner().invoke(app, [*words, "--dry-run"])
    assert result.exit_code == 0
    assert left(tmp_path)[0] == {"W1", "E1", "W2", "E2"}
    found = purge_nation_folder(tmp_path, tmp_path / "settings.toml", dry_run=False, screen=QUIET)
    assert found["records"] == 7  # 4 identities, 1 that is continued, 2 sectors' figures
    assert left(tmp_path) == (set(), 0, set())


def test_with_accounts_the_folder_of_a_cluster_needs_a_request_of_one_of_its_sectors(tmp_path: Path) -> None:
    filled(tmp_path)
    rules(tmp_path, "[retention]\ntracks = 2\nalerts = 2\n")
    AccountStore(tmp_path / "accounts.db").close()
    file, before = tmp_path / "settings.toml", left(tmp_path)
    (tmp_path / "north").mkdir()
    (tmp_path / "west").mkdir()
    with (screen := Console(width=200)).capture() as printed:
        checksum = purge_nation_folder(tmp_path, file, dry_run=True, screen=screen)["settings"]
    assert f"checksum {checksum}" in printed.get()
    with pytest.raises(BadInput, match="second person"):
        purge_nation_folder(tmp_path, file, dry_run=False, screen=QUIET)
    ana, ben = (Person(one, one, one, Session(one, "browser", 0.0, 1e12), {"*": "admin"}) for one in ("ana", "ben"))
    west = Approvals(tmp_path / "west", sector="west", now_s=time.time)
    Approvals(tmp_path / "north", sector="north", now_s=time.time).ask("erase", "all", {}, "other", ana, party(ana))
    made = west.ask("erase", "all", {"settings": checksum}, "retention", ana, party(ana))
    command = ["store", "purge", str(tmp_path), "--settings", str(file)]
    assert CliRunner().invoke(app, [*command, "--approval", made.id]).exit_code != 0  # not confirmed yet
    assert left(tmp_path) == before
    west.decide(made.id, "confirm", ben, party(ben))
    assert CliRunner().invoke(app, [*command, "--approval", made.id]).exit_code == 0
    assert left(tmp_path) == (set(), 0, set())
    assert CliRunner().invoke(app, [*command, "--approval", made.id]).exit_code != 0  # used
    assert CliRunner().invoke(app, [*command, "--emergency", "court order of today"]).exit_code == 0
    subjects = [line.entry.subject for line in each_entry(tmp_path / "audit", EntryFilter())]
    assert any("asked by ana, confirmed by ben" in one for one in subjects)
    assert any(one.startswith("EMERGENCY OVERRIDE: ") for one in subjects)


def party(person: Person) -> Party:
    return Party(person.id, person.name, person.login, "admin")
