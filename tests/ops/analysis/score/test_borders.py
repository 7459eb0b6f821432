"""Two borders are compared only where definitions and periods match; for all others the reason is stated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.analysis.score.borders import BorderScorecard, compare_borders, read_border
from tests.ops.analysis.score.test_from_store import MONDAY, incident, lines_of

HEAD = "indicator,place,family,name,value,unit,date,start,source,better,definition,illustrative\n"
CASES = "smuggling_cases"
INDEX = "governance_index"


def scored(watchline: Callable[..., Any], folder: Path, place: str, rows: list[str], more: str = "") -> Path:
    """The scorecard of rows: indicator or name, value, unit, date, start, edition."""
    lines = []
    for row in rows:
        name, value, unit, day, start, edition = row.split("|")
        catalogued = name in (CASES, INDEX)
        own = f"{name},{place},,,{value},," if catalogued else f",{place},crime_and_governance,{name},{value},{unit},"
        better = "" if name == INDEX else "lower"
        lines.append(f"{own}{day},{start},police,{better},{edition},{more}")
    table = folder / f"{place}.csv"
    table.write_text(HEAD + "\n".join(lines) + "\n")
    (folder / "plan.toml").write_text(
        'title = "P"\nadopted = 2025-01-01\nsource = "s"\n[[objective]]\nid = "A"\ntitle = "A"\n[[objective.measure]]\n'
        'id = "A1"\ntitle = "t"\nowner = "o"\ndue = 2026-01-01\n'
    )
    (folder / "outcomes.csv").write_text(
        "place,start,end,source,apprehended,turned_back,got_away,alerts\n"
        + f"{place},2025-01-01,2025-12-31,s,8,1,1,20\n"
    )
    ended = watchline(
        "score", "cumberland", table, "--out", folder / place, "--on", "2026-02-01",
        "--action-plan", folder / "plan.toml", "--outcomes", folder / "outcomes.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return folder / place


def reasons(first: Path, second: Path) -> dict[str, list[str]]:
    found = compare_borders(read_border(first), read_border(second))
    return {one.as_dict()["name"]: [str(reason.parameters["reason"]) for reason in one.reasons] for one in found}


def test_values_of_one_definition_and_period_stand_side_by_side(watchline: Callable[..., Any], tmp_path: Path) -> None:
    """The newest common year counts, though one side has a newer one; the oracle is the two tables."""
    here = [f"{CASES}|120||2024-12-31|2024-01-01|", f"{CASES}|104||2025-12-31|2025-01-01|"]
    there = [f"{CASES}|80||2024-12-31|2024-01-01|", f"{CASES}|5||2025-12-31|2025-12-01|"]
    north = scored(watchline, tmp_path, "North", [*here, "patrols|9|days|2025-12-31||2nd"])
    south = scored(watchline, tmp_path, "South", [*there, "patrols|7|days|2025-12-31||2nd"])
    ended = watchline("indicators", "compare", north, south, "--json")
    assert ended.code == 0, ended.err
    found = {one["id"]: one for one in json.loads(ended.out)["indicators"]}
    cases = found[CASES]
    assert (cases["first"], cases["second"], cases["start"], cases["day"]) == (120.0, 80.0, "2024-01-01", "2024-12-31")
    assert (found["patrols"]["first"], found["patrols"]["second"]) == (9.0, 7.0)
    rate = found["interdiction_effectiveness_rate"]
    assert (rate["first"], rate["second"], rate["overlap"]) == (0.9, 0.9, True)
    (plan,) = [one for one in found.values() if one["family"] == "national_action_plan"]
    assert plan["reasons"] == ["two plans have different measures"]
    assert "Borders are not ranked" in ended.err


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("patrols|9|days|2025-12-31||2nd", "patrols|7|days|2025-12-31||3rd", ["edition"]),
        ("patrols|9|days|2025-12-31||2nd", "patrols|7|hours|2025-12-31||2nd", ["unit"]),
        ("patrols|9|days|2025-12-31||", "patrols|7|days|2025-12-31||", ["undefined"]),
        ("patrols|9|days|2025-12-31||2nd", "patrols|7|days|2025-11-30||2nd", ["period"]),
        ("patrols|9|days|2025-12-31|2025-01-01|2nd", "patrols|7|days|2025-12-31|2025-07-01|2nd", ["period"]),
        ("patrols|9|days|2025-12-31||2nd", "patrols||days|2025-12-31||2nd", ["period"]),
        ("patrols|9|days|2025-12-31||2nd", "watches|7|days|2025-12-31||2nd", ["missing"]),
        ("patrols|9|days|2025-12-31||2nd", "patrols|7|days|2025-12-31||2nd", []),
    ],
)
def test_the_reason_is_stated_why_values_are_not_compared(
    watchline: Callable[..., Any], tmp_path: Path, first: str, second: str, expected: list[str]
) -> None:
    north, south = (scored(watchline, tmp_path, place, [row]) for place, row in (("North", first), ("South", second)))
    assert reasons(north, south)["patrols"] == expected
    assert reasons(south, north)["patrols"] == expected


def test_an_index_is_compared_on_one_scale_of_one_publisher_only(watchline: Callable[..., Any], tmp_path: Path) -> None:
    """A value of another scale, or of one that is not stated, as older scorecards have it, is no comparison."""
    row = f"{INDEX}|5.5||2025-12-31||"
    north = scored(watchline, tmp_path, "North", [f"{row}A; 0 to 10"])
    same = scored(watchline, tmp_path, "South", [f"{row}A; 0 to 10"])
    other = scored(watchline, tmp_path, "East", [f"{row}B; 0 to 100"])
    assert reasons(north, same)["governance index"] == []
    assert reasons(north, other)["governance index"] == ["edition"]
    for folder in (north, same):
        summary = json.loads((folder / "summary.json").read_text())
        (line,) = [one for one in summary["families"]["crime_and_governance"]["lines"] if one["id"] == INDEX]
        line["edition"] = None
        (folder / "summary.json").write_text(json.dumps(summary))
    assert reasons(north, same)["governance index"] == ["undefined"]


def test_a_made_up_border_is_not_compared_with_a_real_one_and_no_other_folder_is_read(
    watchline: Callable[..., Any], tmp_path: Path
) -> None:
    real = scored(watchline, tmp_path, "North", ["patrols|9|days|2025-12-31||2nd"])
    summary = json.loads((real / "summary.json").read_text())
    made_up = tmp_path / "made-up"
    made_up.mkdir()
    (made_up / "summary.json").write_text(json.dumps(summary | {"illustrative": True}))
    with pytest.raises(BadInput, match="only one scorecard is illustrative"):
        compare_borders(read_border(real), read_border(made_up))
    for content in ("", "[]", "{}", json.dumps(summary | {"made_by": "x"}), json.dumps(summary | {"families": {}})):
        (made_up / "summary.json").write_text(content)
        with pytest.raises(BadInput, match="not a scorecard of this version"):
            read_border(made_up)


def test_medians_over_the_same_weeks_state_their_first_day() -> None:
    """Weeks from 5 January; the interval of both is over all of them, so the period is that of all."""
    weeks = [incident(number, "apprehended", MONDAY + timedelta(days=7 * number)) for number in range(2)]
    weeks[1]["transitions"][0]["at"] = (MONDAY + timedelta(days=7, minutes=9)).isoformat()
    line = lines_of(*weeks, incident(3, "apprehended"))["time_to_acknowledgement"].as_dict()
    borders = [BorderScorecard(name, False, {("tactical_tools", line["id"]): [line]}) for name in ("a", "b")]
    (found,) = compare_borders(*borders)
    assert (found.first, found.start, found.day) == (2.0, "2026-01-05", "2026-01-15")
