"""The scorecard and the action plan over HTTP: numbers with their records, both languages, PDF, audit."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pypdfium2
import pytest
from docx import Document

from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.score.inputs import ABSENT, ERASED
from ops.drawing.pages import pdf
from ops.governance.training import TrainingRecord, add_records
from ops.services.api.scorecard.models import ActionPlanAnswer, ScorecardAnswer
from tests.ops.services.api.scorecard.served import CUMBERLAND, MARKING, Served, served


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A simulation of the sample sector, whose files are made up as well."""
    with served(tmp_path_factory.mktemp("demo"), demo=True) as server:
        yield server


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real room on the sample sector: the store holds real incidents, the files of the sector are made up."""
    with served(tmp_path_factory.mktemp("real"), demo=False) as server:
        yield server


def test_the_answer_has_four_families_and_no_number_for_the_border(demo: Served) -> None:
    answer = demo.client.get("/v1/scorecard")
    assert answer.status_code == 200
    card = ScorecardAnswer.model_validate_json(answer.content, extra="forbid")
    assert list(card.families) == list(FAMILIES)
    assert card.illustrative
    assert card.places[0] != ""
    assert not {"score", "value", "total"} & set(answer.json())


def test_the_schema_has_everything_that_may_be_absent() -> None:
    (kinds,) = get_args(ScorecardAnswer.model_fields["absent"].annotation)
    assert {*get_args(kinds)} == {*ABSENT, ERASED}


def test_every_reported_number_names_file_row_and_hash(demo: Served) -> None:
    content = (CUMBERLAND / "indicators.csv").read_bytes()
    lines = demo.client.get("/v1/scorecard").json()["families"]["crime_and_governance"]["lines"]
    records = [one for line in lines for one in line["evidence"]]
    assert records
    rows = content.decode("utf-8").splitlines()
    for one in records:
        row = re.fullmatch(r"indicators\.csv, row (\d+)", one["origin"])
        assert row
        assert one["source"] in rows[int(row[1])]
        assert one["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_number_of_the_store_names_its_incidents(demo: Served) -> None:
    lines = demo.client.get("/v1/scorecard").json()["families"]["tactical_tools"]["lines"]
    names = {one["name"] for one in demo.client.get("/v1/handover").json()["incidents"]}
    (line,) = [one for one in lines if one["id"] == "time_to_acknowledgement"]
    named = {name for one in line["evidence"] for name in one["origin"].split(", ")}
    assert named
    assert named <= names


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("path", ["/scorecard", "/action-plan"])
def test_page_and_pdf_in_both_languages(demo: Served, path: str, language: str) -> None:
    page = demo.client.get(path, params={"language": language})
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    title = {
        "/scorecard": {"en": "Scorecard:", "fr": "Tableau de bord\N{NO-BREAK SPACE}:"},
        "/action-plan": {"en": "National Action Plan: status", "fr": "Plan d’action national\N{NO-BREAK SPACE}: état"},
    }[path][language]
    assert title in page.text
    policy = page.headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert "script" not in policy
    assert page.text.count(MARKING) == 2
    (css,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(css.encode()).digest()).decode() in policy
    before = len(list(demo.log.entries()))
    pdf = demo.client.get(f"{path}.pdf", params={"language": language})
    assert pdf.headers["content-type"] == "application/pdf"
    sheets = [one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(pdf.content)]
    assert all(MARKING in sheet for sheet in sheets)
    text = "\n".join(sheets)
    assert {"en": "Illustrative data", "fr": "Données illustratives"}[language] in text
    assert [one.operation for one in list(demo.log.entries())[before:]] == ["disclosure"]


def test_every_link_of_the_plan_leads_to_a_row_of_the_scorecard(demo: Served) -> None:
    plan = demo.client.get("/action-plan").text
    card = demo.client.get("/scorecard").text
    anchors = set(re.findall(r'<tr id="(\w+)">', card))
    links = set(re.findall(r'href="/scorecard\?[^"#]*#(\w+)"', plan))
    assert links
    assert links <= anchors


def test_the_plan_counts_what_its_measures_say(demo: Served) -> None:
    status = ActionPlanAnswer.model_validate_json(demo.client.get("/v1/action-plan").content, extra="forbid")
    due = [one for one in status.measures if one.due <= status.date]
    assert status.adherence.due == len(due)
    assert status.adherence.met == sum(one.status == "met" for one in due)
    assert sum(status.counts.values()) == len(status.measures)


def test_a_place_and_a_day_are_chosen_and_recorded(demo: Served) -> None:
    place = demo.client.get("/v1/scorecard").json()["places"][0]
    answer = demo.client.get("/v1/scorecard", params={"place": place, "on": "2026-01-15", "known_on": ""})
    lines = [line for family in answer.json()["families"].values() for line in family["lines"]]
    reported = [line for line in lines if line["id"] != "measures_met"]
    assert reported
    assert {line["place"] for line in reported} == {place}
    assert answer.json()["date"] == "2026-01-15"
    subject = list(demo.log.entries())[-1].subject
    assert subject == f"scorecard, place {place}, on 2026-01-15"
    page = demo.client.get("/scorecard", params={"place": place, "on": "2026-01-15"}).text
    assert re.search(rf'<option value="{re.escape(place)}" selected>', page)
    assert 'name="on" value="2026-01-15"' in page


def test_made_up_files_are_left_out_beside_real_incidents(real: Served) -> None:
    card = real.client.get("/v1/scorecard").json()
    assert not card["illustrative"]
    assert card["left_out"] == ["indicators.csv", "outcomes.csv", "action_plan.toml"]
    assert card["families"]["crime_and_governance"]["lines"] == []
    assert card["families"]["crime_and_governance"]["missing"]
    page = real.client.get("/scorecard").text
    assert "indicators.csv" in page
    assert card["absent"] == ["challenge"]
    assert "the sector file names no output of watchline challenge as challenge" in page
    for path in ("/action-plan", "/action-plan.pdf", "/action-plan.docx", "/v1/action-plan"):
        answer = real.client.get(path)
        assert answer.status_code == 404
        assert "names no National Action Plan" in answer.text


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"on": "tomorrow"}, "on"),
        ({"on": "9999-12-31"}, "on"),
        ({"known_on": "0001-01-01"}, "known_on"),
        ({"place": "Atlantis"}, "place: no data for 'Atlantis'; expected "),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_one_sentence(demo: Served, query: dict[str, str], where: str) -> None:
    for path in ("/v1/scorecard", "/v1/action-plan"):
        answer = demo.client.get(path, params=query)
        assert answer.status_code == 422
        assert where in answer.json()["detail"]
        assert "--" not in answer.json()["detail"]


def test_a_file_that_cannot_be_read_is_named_without_its_folder(tmp_path: Any) -> None:
    sector = tmp_path / "sector"
    sector.mkdir()
    for file in CUMBERLAND.iterdir():
        (sector / file.name).write_bytes(file.read_bytes())
    with served(tmp_path, demo=True, sector=sector) as server:
        assert server.client.get("/v1/scorecard").status_code == 200
        (sector / "indicators.csv").write_text("nothing\n1\n", encoding="utf-8")
        answer = server.client.get("/v1/scorecard")
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("indicators.csv: ")
        assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("name", ["sector", "a sector, of two"])
def test_a_mixture_of_real_and_made_up_files_names_them_without_their_folders(name: str, tmp_path: Any) -> None:
    sector = tmp_path / name
    sector.mkdir()
    for file in CUMBERLAND.iterdir():
        (sector / file.name).write_bytes(file.read_bytes())
    plan = (sector / "action_plan.toml").read_text(encoding="utf-8")
    assert "illustrative = true\n" in plan
    (sector / "action_plan.toml").write_text(plan.replace("illustrative = true\n", ""), encoding="utf-8")
    with served(tmp_path, demo=True, sector=sector) as server:
        answer = server.client.get("/v1/scorecard")
    assert answer.status_code == 503
    detail = answer.json()["detail"]
    assert detail.startswith(
        "indicators.csv, outcomes.csv, the incidents of this room: is illustrative, but action_plan.toml is not;"
    )
    assert "/" not in detail
    assert name not in detail


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_plan_leaves_as_a_document_and_is_recorded(demo: Served, language: str) -> None:
    before = len(list(demo.log.entries()))
    answer = demo.client.get("/action-plan.docx", params={"language": language})
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    assert "action-plan-cumberland-2026-03-20.docx" in answer.headers["content-disposition"]
    document = Document(io.BytesIO(answer.content))
    assert MARKING in document.sections[0].header.paragraphs[0].text
    assert MARKING in document.sections[0].footer.paragraphs[-1].text
    text = "\n".join(one.text for one in document.paragraphs)
    assert {"en": "Illustrative data", "fr": "Données illustratives"}[language] in text
    assert [one.operation for one in list(demo.log.entries())[before:]] == ["disclosure"]


def test_a_server_without_pango_says_what_to_install(demo: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(page: str) -> bytes:
        raise pdf.PdfUnavailable(f"no PDF was written, because Pango is not installed ({len(page) > 0}).")

    monkeypatch.setattr(pdf, "pdf_of", without)
    answer = demo.client.get("/scorecard.pdf")
    assert answer.status_code == 503
    assert "No PDF was written, because Pango is not installed (True)." in answer.text


def test_the_plan_of_a_room_is_fed_by_its_store_and_its_drills(tmp_path: Path) -> None:
    """A recorded night and a scored drill: no table is imported. What each value rests on is stated."""
    data = tmp_path / "room"
    data.mkdir()
    scored = {"number": 3, "of": 4}
    score = dict.fromkeys(("acknowledged_in_time", "right_dispositions", "missed_crossings"), scored)
    record = TrainingRecord("d1", date(2026, 3, 1), "drill", "simulated scenario", "operator", "passed", score=score)
    add_records(tmp_path / "training.jsonl", [record])
    measures = ("alert_yield", "response_time", "time_to_disposition", "time_to_acknowledgement",
                "drill_acknowledged_in_time", "drills_passed")  # fmt: skip
    plan = ['title = "Plan"', "adopted = 2026-01-01", 'source = "made for a test"', "[[objective]]", 'id = "O"',
            'title = "Objective"']  # fmt: skip
    for name in measures:
        plan += ["[[objective.measure]]", f'id = "{name}"', f'title = "{name}"', 'owner = "supervisor"',
                 "due = 2026-03-01", f'indicator = "{name}"', "target = 0.5"]  # fmt: skip
    (tmp_path / "plan.toml").write_text("\n".join(plan) + "\n")
    sector = tmp_path / "sector.toml"
    text = (CUMBERLAND / "sector.toml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("indicators", "outcomes", "action_plan"))]
    named = [f'action_plan = "{tmp_path / "plan.toml"}"', f'training = "{tmp_path / "training.jsonl"}"']
    sector.write_text("\n".join(named + kept) + "\n")
    for path in CUMBERLAND.iterdir():
        if path.name != "sector.toml":
            (tmp_path / path.name).symlink_to(path)
    with served(data, demo=False, sector=sector) as room:
        answer = room.get("/v1/action-plan")
        assert answer.status_code == 200, answer.text
        found = {one["id"]: one for one in answer.json()["measures"]}
        page = room.get("/action-plan", language="en").text
    for name in measures:
        value, basis = found[name]["value"], found[name]["basis"]
        assert (value is None) == (name == "response_time"), "no unit was on scene in this night"
        assert basis["formula"], name
        assert basis["source"], name
        assert value is None or basis["begins"] <= basis["date"] <= "2026-03-21", name
    yields = found["alert_yield"]["basis"]
    assert yields["numerator"] / yields["denominator"] == found["alert_yield"]["value"]
    assert yields["low"] <= found["alert_yield"]["value"] <= yields["high"]
    assert (found["drill_acknowledged_in_time"]["value"], found["drills_passed"]["value"]) == (0.75, 1.0)
    assert "3 of 4" in page
    assert "training records: scores of drills" in page
