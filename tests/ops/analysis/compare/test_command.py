"""``watchline compare``: one object on one line, a report that stands alone, and one sentence for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ops.analysis.compare.command import FILES, figures_of
from ops.analysis.compare.comparison import Comparison
from ops.analysis.compare.pictures import pareto_front
from ops.analysis.compare.tables import outcome_table
from ops.analysis.compare.thresholds import ThresholdError, read_thresholds
from ops.cli.app import app, main
from ops.sector.samples import samples_folder
from ops.words import MessageCatalogue
from sensors.gaps import Barrier, GapError
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

FEW = ["--samples", "20", "--weather", "day=0.6", "--weather", "night,fog=0.4"]
COMMAND = ["compare", "cumberland", "hightech", "basic", *FEW]
THRESHOLDS = """
[[threshold]]
name = "acceptance <b>"
measure = "mean_detection"
value = 0.9
set_on = 2026-01-15
set_by = "board"
why = "operational requirement"
[[threshold.change]]
value = 0.5
on = 2026-06-01
by = "programme office"
why = "tests showed that 0.9 was out of reach"
"""


def run(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    import sys

    before = sys.argv
    sys.argv = ["watchline", "compare", "cumberland", *arguments]
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
    finally:
        sys.argv = before
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out, told.err


@pytest.fixture(scope="module")
def report(tmp_path_factory: Any) -> tuple[dict[str, Any], Path]:
    from typer.testing import CliRunner

    folder = tmp_path_factory.mktemp("compare")
    (folder / "thresholds.toml").write_text(THRESHOLDS, encoding="utf-8")
    out = folder / "out"
    arguments = [*COMMAND, "--thresholds", str(folder / "thresholds.toml")]
    answer = CliRunner().invoke(app, [*arguments, "--out", str(out), "--pdf", "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout.strip().splitlines()[-1]), out


def test_the_figures_say_who_is_better_and_how_sure_that_is(report: tuple[dict[str, Any], Path]) -> None:
    figures, _ = report
    assert figures["headline"].startswith("high-tech outperforms basic at equal life-cycle cost")
    assert [one["id"] for one in figures["messages"]][:3] == [
        "compare-headline-better",
        "compare-detail-objective",
        "compare-detail-better",
    ]
    beats = figures["beats"]["mean_detection"]
    assert beats["high-tech"]["basic"] + beats["basic"]["high-tech"] == pytest.approx(1.0)
    for one in figures["layouts"].values():
        for measure in ("mean_detection", "least_detection", "mean_interruption", "assessed_fraction"):
            assert 0.0 <= one[measure]["low"] <= one[measure]["high"] <= 1.0
        assert one["gain_after_displacement"] <= one["gain_before_displacement"] + 1e-12
        assert one["first_cost"]["central"] > 0.0
        assert one["crew"]["central"] >= 2.0
    costs = [one["life_cycle_cost"]["central"] for one in figures["layouts"].values()]
    assert costs[0] == pytest.approx(costs[1], rel=1e-5)
    assert figures["against"]["basic"]["confidence"] in "HML"
    assert figures["against"]["basic"]["tornado"][0]["input"]


def test_thresholds_carry_their_log(report: tuple[dict[str, Any], Path]) -> None:
    one = report[0]["thresholds"][0]
    assert (one["value"], one["first_value"], one["weakened"]) == (0.5, 0.9, True)
    assert [entry["by"] for entry in one["log"]] == ["board", "programme office"]
    for name, share in one["met_in_fraction_of_samples"].items():
        assert share >= one["met_as_first_set"][name]


def test_the_report_names_the_history_of_its_thresholds(report: tuple[dict[str, Any], Path]) -> None:
    figures, out = report
    history = figures["threshold_history"]
    assert (history["states"], history["undeclared"], history["unwritten"]) == (1, [], "")
    chain = (out.parent / history["file"]).read_text(encoding="utf-8").splitlines()
    assert json.loads(chain[-1])["hash"] == history["hash"]
    assert history["hash"][:12] in (out / "report.html").read_text(encoding="utf-8")


def test_a_name_is_of_one_threshold(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(THRESHOLDS + THRESHOLDS, encoding="utf-8")
    with pytest.raises(ThresholdError, match="twice"):
        read_thresholds(file)


def test_the_report_stands_alone(report: tuple[dict[str, Any], Path]) -> None:
    _, out = report
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)[^"']+""", page)
    assert "http://" not in page
    assert "https://" not in page
    assert "acceptance &lt;b&gt;" in page
    assert "Easier to meet now than when it was set" in page
    assert page.count("data:image/png;base64,") == 6
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert json.loads((out / "summary.json").read_text())["made_by"] == "watchline compare"


def test_the_report_in_french_has_no_english_and_the_json_no_french(
    report: tuple[dict[str, Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    thresholds = tmp_path / "thresholds.toml"
    thresholds.write_text(THRESHOLDS, encoding="utf-8")
    arguments = [*COMMAND, "--thresholds", str(thresholds), "--out", str(tmp_path / "out"), "--json"]
    answer = CliRunner().invoke(app, arguments)
    figures = json.loads(answer.stdout.strip().splitlines()[-1])
    for name in ("headline", "details", "messages", "limits", "meaning"):
        assert figures[name] == report[0][name]
    assert "high-tech surpasse basic à coût de cycle de vie égal" in answer.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="fr" dir="ltr">' in page
    assert "Plus facile à satisfaire aujourd’hui" in page
    assert MessageCatalogue.of("fr").missing.total() == 0
    english = [
        line
        for line in re.findall(r"<h2>(?:<bdi>)?([^<]+)", page)
        if line in report[1].joinpath("report.html").read_text()
    ]
    assert english == []


def test_every_text_of_the_report_is_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    thresholds = tmp_path / "thresholds.toml"
    thresholds.write_text(THRESHOLDS, encoding="utf-8")
    arguments = [*COMMAND, "--thresholds", str(thresholds), "--out", str(tmp_path / "out")]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0, answer.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ar-XB" dir="rtl">' in page
    grades = ("H", "M", "L")
    assert plain_texts(page, ["Cumberland (exercise)", "high-tech", "basic", *grades]) == []
    assert plain_lines(answer.output, [str(tmp_path)]) == []


def test_the_sensitivity_to_the_number_of_strips_is_in_figures_and_page(report: tuple[dict[str, Any], Path]) -> None:
    figures, out = report
    for one in figures["layouts"].values():
        tried = one["interruption_by_strips"]
        assert [case["strips"] for case in tried] == [figures["strips"] // 2, figures["strips"], 2 * figures["strips"]]
        assert all(0.0 <= case["mean_interruption"] <= 1.0 for case in tried)
    assert "Interruption and the number of strips" in (out / "report.html").read_text(encoding="utf-8")


def test_a_layout_against_itself_is_a_tie(capsys: Any) -> None:
    code, stdout, _ = run(capsys, "basic", "basic", *FEW, "--json")
    figures = json.loads(stdout.strip().splitlines()[-1])
    assert code == 0
    assert figures["beats"]["mean_detection"] == {"basic": {"basic (2)": 0.5}, "basic (2)": {"basic": 0.5}}
    assert figures["headline"] == "basic and basic (2) perform equally at equal life-cycle cost"


def test_unknown_barrier_resilience_is_null_and_shown_as_a_dash(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a border of closed rings, which has no ends between which a barrier could stand."""
    tables: list[dict[str, Any]] = []

    def no_ends(*_: Any, **__: Any) -> None:
        raise GapError("no ends", where="border", expected="a line")

    def listed(comparison: Comparison) -> dict[str, Any]:
        tables.append(outcome_table(comparison))
        return figures_of(comparison)

    monkeypatch.setattr("sensors.planning.comparison.study.BarrierFootprints.of", no_ends)
    monkeypatch.setattr("ops.analysis.compare.command.figures_of", listed)
    code, stdout, _ = run(capsys, "basic", "basic", *FEW, "--json")
    figures = json.loads(stdout.strip().splitlines()[-1])
    assert code == 0
    assert [one["k"] for one in figures["layouts"].values()] == [None, None]
    assert [one["single_points_of_failure"] for one in figures["layouts"].values()] == [None, None]
    assert not any("at central prices" in text for text in figures["limits"])
    shown = {row[0]: row[1:] for row in tables[0]["rows"]}
    assert shown["barrier resilience k, by footprints"] == shown["single points of failure"] == ["–", "–"]


def test_barrier_resilience_beside_unknown_sight_is_given_by_its_bounds(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables: list[dict[str, Any]] = []

    def listed(comparison: Comparison) -> dict[str, Any]:
        tables.append(outcome_table(comparison))
        return figures_of(comparison)

    found = Barrier(1, frozenset({"tower"}), exact=True, undecided=2)
    monkeypatch.setattr("sensors.planning.comparison.study.BarrierFootprints.barrier", lambda *_: found)
    monkeypatch.setattr("ops.analysis.compare.command.figures_of", listed)
    code, stdout, _ = run(capsys, "basic", "basic", *FEW, "--json")
    figures = json.loads(stdout.strip().splitlines()[-1])
    assert code == 0
    for one in figures["layouts"].values():
        assert (one["k"], one["k_at_most"], one["single_points_of_failure"]) == (1, 3, None)
    (limit,) = [text for text in figures["limits"] if "between two bounds" in text]
    assert limit.startswith("basic and basic (2): barrier resilience k")
    shown = {row[0]: row[1:] for row in tables[0]["rows"]}
    assert shown["barrier resilience k, by footprints"] == ["1 to 3", "1 to 3"]
    assert shown["single points of failure"] == ["–", "–"]


def test_figures_of_the_whole_layout_are_unknown_where_the_budget_buys_a_part(capsys: Any) -> None:
    code, stdout, _ = run(capsys, "basic", "basic", *FEW, "--budget", "9000000", "--json")
    figures = json.loads(stdout.strip().splitlines()[-1])
    assert code == 0
    for one in figures["layouts"].values():
        assert 0.0 < one["bought_fraction"]["central"] < 1.0
        assert [one[name] for name in ("covered_km", "cost_per_covered_km", "k", "single_points_of_failure")] == [
            None
        ] * 4
    (limit,) = [text for text in figures["limits"] if "at central prices" in text]
    assert limit.startswith("basic and basic (2): the border covered, its cost per km, barrier resilience")


def test_outward_crossings_are_compared_as_such(report: tuple[dict[str, Any], Path], capsys: Any) -> None:
    code, stdout, _ = run(capsys, "hightech", "basic", *FEW, "--direction", "outward", "--json")
    outward, inward = json.loads(stdout.strip().splitlines()[-1]), report[0]
    assert code == 0
    assert (outward["direction"], inward["direction"]) == ("outward", "inward")
    assert outward["layouts"]["basic"]["mean_detection"] != inward["layouts"]["basic"]["mean_detection"]


BAD = [
    ([], 2, "LAYOUT: 1 layout; expected at least 2 layouts."),
    (["nowhere"], 2, "LAYOUT: {sector} has no layout 'nowhere'; expected one of hightech, basic, mobile, or a file."),
    (["hightech", "--budget", "-5"], 2, "--budget: '-5'; expected a number above 0."),
    (
        ["hightech", "--budget", "1000"],
        1,
        "budget: 1,000 buys no sensor of layout 'basic': the first costs 524,952 with its relays beside 2 operators at "
        "6,824,162; expected more money, fewer operators or fewer years.",
    ),
    (["hightech", "--budget", "nan"], 2, "--budget: 'nan'; expected a number above 0."),
    (["hightech", "--years", "0"], 2, "--years: '0'; expected a number above 0."),
    (
        ["hightech", "--weather", "fog"],
        2,
        "--weather: 'fog'; expected conditions and a fraction, such as night,fog=0.1.",
    ),
    (["hightech", "--weather", "fog=0.5"], 2, "--weather: the fractions sum to 0.5; expected 1."),
    (
        ["hightech", "--weather", "day=1", "--weather", "day=1"],
        2,
        "--weather: 'day' is given twice; expected each weather once.",
    ),
    (
        ["hightech", "--residual-item", "ift_radar"],
        2,
        "--residual-item: item 'ift_radar' is a radar; expected a patrol or drone.",
    ),
    (["hightech", "--direction", "sideways"], 2, "--direction: 'sideways'; expected inward or outward."),
    (
        ["hightech", "--objective", "glory"],
        2,
        "--objective: 'glory'; expected mean_detection, least_detection, mean_interruption or least_interruption.",
    ),
    (
        ["hightech", "--catalogue", "none.toml"],
        2,
        "--catalogue: 'none.toml' does not exist; expected an existing file.",
    ),
    (
        ["hightech", "--thresholds", "none.toml"],
        2,
        "--thresholds: 'none.toml' does not exist; expected an existing file.",
    ),
    (["hightech", "--samples", "1"], 2, "--samples: '1'; expected a whole number from 2 to 100000."),
    (["hightech", "--draws", "9"], 2, "--draws was renamed to --samples; see `watchline compare --help`."),
    (["hightech", "--top-up", "none"], 2, "--top-up was renamed to --residual-item; see `watchline compare --help`."),
]


@pytest.mark.parametrize(("arguments", "ending", "sentence"), BAD, ids=lambda value: str(value)[:40])
def test_one_sentence_and_no_traceback(capsys: Any, arguments: list[str], ending: int, sentence: str) -> None:
    code, stdout, stderr = run(capsys, "basic", *arguments, "--json")
    told = sentence.format(sector=samples_folder() / "cumberland" / "sector.toml")
    assert (code, stdout, stderr.strip()) == (ending, "", f"watchline: {told}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('measure = "mean_detection"', 'measure = "glory"'), "measure is 'glory'"),
        (('measure = "mean_detection"', 'measure = "guarded_km"'), "renamed; expected 'meets_requirement_km'"),
        (("value = 0.9", "value = -1"), "value is -1"),
        (('why = "operational requirement"\n', ""), "why is missing"),
        (("on = 2026-06-01", "on = 2025-06-01"), "is dated 2025-06-01"),
        (("set_on = 2026-01-15", 'set_on = "soon"'), "'soon'"),
        (('by = "programme office"', 'by = ""'), "expected text"),
        (("[[threshold]]", "[[other]]"), "has other content|is not TOML"),
    ],
)
def test_thresholds_that_cannot_be_used(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(THRESHOLDS.replace(*change), encoding="utf-8")
    with pytest.raises(ThresholdError, match=sentence):
        read_thresholds(file)


def test_the_pareto_front_is_what_no_other_passes_for_the_same_money_or_less():
    points = [(1.0, 0.2), (2.0, 0.1), (2.0, 0.5), (3.0, 0.5), (4.0, 0.9), (0.5, float("nan"))]
    front = pareto_front(points)
    assert front == [(1.0, 0.2), (2.0, 0.5), (4.0, 0.9)]
    for cost, value in points[:-1]:
        assert any(c <= cost and v >= value for c, v in front)
