"""Hits, rates and counts by group by hand; off by default; each use in the audit log; only made-up movements."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.screening.evaluation import CountShare, Movement, read_movements, screen
from ops.analysis.screening.rules import Condition, Rule
from ops.audit.entry import AuditEntry
from ops.audit.files import day_files, log_folder
from ops.audit.log import AuditLog
from ops.sector.samples import samples_folder
from tests.ops.conftest import Files

CASH = Rule("cash", "paid in cash", (Condition("payment", "is", "cash"),))
HEAVY = Rule("heavy", "more than declared", (Condition("kg", "above", 500.0), Condition("payment", "is", "cash")))


def movement(number: int, group: str, payment: str, kg: float = 0.0, *, found: bool | None = None) -> Movement:
    return Movement(f"M{number}", group, {"payment": payment, "kg": kg}, found)


def test_by_hand() -> None:
    movements = [
        movement(1, "A", "cash", 600, found=True),
        movement(2, "A", "cash", found=False),
        movement(3, "A", "card", 900, found=False),
        movement(4, "B", "card"),
        movement(5, "B", "cash"),
    ]
    found = screen([CASH, HEAVY], movements)
    assert {name: [one.id for one in rules] for name, rules in found.reasons.items()} == {
        "M1": ["cash", "heavy"],
        "M2": ["cash"],
        "M5": ["cash"],
    }
    assert (found.base.count, found.base.of) == (1, 3)
    cash, heavy = found.rules
    assert (cash.hits.count, cash.hits.of, cash.finds.count, cash.finds.of) == (3, 5, 1, 2)
    assert (heavy.hits.count, heavy.finds.count, heavy.finds.of) == (1, 1, 1)
    # Wilson for 1 of 3: 0.0615 to 0.7923
    assert (found.base.low, found.base.high) == pytest.approx((0.06149, 0.79234), abs=1e-4)
    a, b = cash.groups
    assert (a.group, a.hits.count, a.hits.of, a.base.of) == ("A", 2, 3, 3)
    assert (b.group, b.hits.count, b.hits.of, b.finds.of) == ("B", 1, 2, 0)
    assert b.finds.as_dict()["value"] is None
    assert not a.differs


def test_a_group_that_is_hit_far_more_often_is_named() -> None:
    movements = [movement(n, "A", "cash" if n % 10 == 0 else "card") for n in range(200)]
    movements += [movement(1000 + n, "B", "cash" if n % 2 == 0 else "card") for n in range(100)]
    groups = screen([CASH], movements).overall.groups
    assert [one.differs for one in groups] == [True, True]
    assert CountShare.of_count(20, 200).apart_from(CountShare.of_count(50, 100))
    assert not CountShare.of_count(0, 0).apart_from(CountShare.of_count(5, 5))


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from(["cash", "card"]), st.sampled_from([True, False, None]))
    ),
)
def test_groups_add_up_and_a_group_never_changes_a_hit(rows: list[tuple[str, str, bool | None]]) -> None:
    movements = [movement(n, group, payment, found=found) for n, (group, payment, found) in enumerate(rows)]
    found = screen([CASH], movements)
    for one in (found.overall, *found.rules):
        for name in ("hits", "finds"):
            counts = [getattr(each, name) for each in one.groups]
            total = getattr(one, name)
            assert (sum(each.count for each in counts), sum(each.of for each in counts)) == (total.count, total.of)
    renamed = [Movement(one.id, "A", one.fields, one.found) for one in movements]
    assert screen([CASH], renamed).reasons == found.reasons


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("M2,2026-01-01,A,,no", "not marked as made up"),
        ("M2,2026-01-01,A,,", "not marked as made up"),
        ("M1,2026-01-01,A,,yes", "occurs twice"),
        ("M2,2026-01-41,A,,yes", "date"),
        ("M2,2026-01-01,,,yes", "group"),
        ("M2,2026-01-01,A,perhaps,yes", "found 'perhaps'"),
    ],
)
def test_a_movement_that_cannot_be_used_is_refused(tmp_path: Path, row: str, what: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"id,at,group,found,illustrative\nM1,2026-01-01,A,yes,yes\n{row}\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match="row 2") as caught:
        read_movements(path)
    assert what in str(caught.value)


@pytest.fixture
def room(tmp_path: Path, hill_sector: Files) -> Path:
    """A copy of the sector, the sample's rules and movements, and a data folder with an audit log."""
    shutil.copytree(hill_sector.folder, tmp_path / "hills")
    for name in ("rules.toml", "movements.csv"):
        shutil.copy(samples_folder() / "cumberland" / name, tmp_path)
    log = AuditLog(tmp_path / "data" / "audit")
    log.add(AuditEntry(1_772_000_000_000_000_000, "m.keller", "operator", "consultation", "GET /", "watch", "picture"))
    log.close()
    return tmp_path


def command(room: Path, *more: str) -> list[str]:
    files = [str(room / hill) for hill in ("hills", "movements.csv")]
    return ["screening", *files, "--rules", str(room / "rules.toml"), "--data", str(room / "data"), *more]


def entries(room: Path) -> list[str]:
    return [line for file in day_files(log_folder(room / "data")) for line in file.read_text().splitlines()]


def test_it_is_off_unless_the_sector_file_switches_it_on(watchline: Callable[..., Any], room: Path) -> None:
    before = entries(room)
    ending = watchline(*command(room, "--purpose", "exercise"))
    assert ending.code == 1
    assert "screening is off" in ending.err
    assert "--purpose" in watchline(*command(room)).err
    assert entries(room) == before


def test_each_use_is_in_the_audit_log_with_its_purpose(watchline: Callable[..., Any], room: Path) -> None:
    sector = room / "hills" / "sector.toml"
    text = sector.read_text(encoding="utf-8").replace("[layouts]", "screening = true\n[layouts]")
    sector.write_text(text, encoding="utf-8")
    before = entries(room)
    ending = watchline(*command(room, "--purpose", "exercise of march", "--json"))
    assert ending.code == 0, ending.err
    (added,) = [line for line in entries(room) if line not in before and "watchline screening" in line]
    assert "exercise of march" in added
    figures = json.loads(ending.out)
    assert figures["illustrative"]
    assert {one["rule"] for one in figures["rules"]} == {None, "short-notice-cash", "weight-mismatch", "indirect-route"}
    first = figures["hits"][0]
    assert first["rules"][0]["why"]
    assert first["movement"] in ending.err
    assert "Illustrative data" in ending.err
    shutil.rmtree(room / "data" / "audit")
    assert "has no audit log" in watchline(*command(room, "--purpose", "exercise")).err
