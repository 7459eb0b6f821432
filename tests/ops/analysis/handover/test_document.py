"""The report as page and PDF: complete in both languages, in UTC and local time, and harmless with hostile texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from ops.analysis.handover.document import ReportDocument, document_of
from ops.analysis.handover.equipment import SensorOut
from ops.analysis.handover.page import report_page
from ops.analysis.handover.pdf import report_pdf
from ops.analysis.handover.period import ReportPeriod
from ops.analysis.handover.report import PeriodReport, period_report
from ops.store.handover_notes import HandoverNote
from ops.words import LANGUAGES, MessageCatalogue
from tests.ops.analysis.handover.night import Night, erase_alerts, source_of, worked_night
from tests.ops.incidents.making import alert, at

NOTE = HandoverNote(
    at(0), at(28_800), at(3500), "Ana Keller", "ana", "supervisor", "« À surveiller ! » Équipe à l’arrêt"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeriodReport]:
    night, _ = worked_night(tmp_path_factory.mktemp("night"))
    source = source_of(night, marking="DIFFUSION RESTREINTE")
    yield period_report(source, ReportPeriod(at(0), at(28_800)), now=at(3600), notes=[NOTE])
    night.store.close()


def written(report: PeriodReport, language: str = "en", **more: Any) -> ReportDocument:
    return document_of(report, MessageCatalogue.of(language), made_by="Ana Keller", **more)


def texts(document: ReportDocument) -> str:
    cells = [cell for section in document.sections for row in section.rows for cell in row]
    return "\n".join([document.title, document.period, *(one.heading for one in document.sections), *cells])


def pages_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [document[number].get_textpage().get_text_range() for number in range(len(document))]


def test_a_handover_report_states_everything_that_the_next_shift_needs(report: PeriodReport) -> None:
    found = {section.key: section for section in written(report).sections}
    counts = {key: len(section.rows) for key, section in found.items()}
    assert counts == {
        "notes": 1, "open": 3, "unattended": 3, "escalated": 2, "distress": 1, "closed": 3, "sensors": 1,
        "coverage": 1, "levels": 3, "actions": 3, "summary": 0, "log": len(report.log),
    }  # fmt: skip
    assert found["sensors"].rows == (("radar-west\nradar", "offline", "10:01\u00a0UTC\n11:01\u00a0CET"),)
    assert found["coverage"].rows[0][0] == "Coverage lost on 3 of 59 segments (4–6): radar-west offline"
    assert found["levels"].rows[0][1:] == ("Col d’Ibardin", "High\nbefore: Low", "Sue", "Two groups in one night")
    assert found["levels"].rows[1][2] == "Medium", "the first decision on the section"
    assert found["closed"].rows[0][2:] == ("Apprehended\nAna", "09:56\u00a0UTC\n10:56\u00a0CET", "30 s", "1 min 30 s")
    assert "6 incidents; 3 not closed, 1 closed by the system without operator action." in found["summary"].sentences


def test_of_erased_records_nothing_is_stated(tmp_path: Path) -> None:
    """The night has six incidents, with a distress call, an outage and some on which no one acted."""
    night, _ = worked_night(tmp_path, encrypted=True)
    erase_alerts(night)
    erased = period_report(source_of(night), ReportPeriod(at(0), at(3600)), now=at(90_000))
    assert (erased.erased, erased.incidents) == (6, ())
    document = written(erased)
    assert document.notices[0].startswith("Records of 6 incidents of this period were erased.")
    unknown = {section.key: section.empty for section in document.sections if not section.rows}
    assert {"open", "unattended", "distress", "sensors", "coverage", "log"} <= set(unknown)
    for key, sentence in unknown.items():
        assert key == "summary" or sentence.startswith("None that is not erased"), key
    later = period_report(source_of(night), ReportPeriod(at(4000), at(5000)), now=at(90_000))
    assert later.erased == 3, "those that were still open"
    earlier = period_report(source_of(night), ReportPeriod(at(-4000), at(-3000)), now=at(90_000))
    assert earlier.erased == 0
    assert written(earlier).notices == ()
    night.store.close()


@pytest.mark.parametrize("start", [0, 3300])
@pytest.mark.parametrize("chosen", [False, True])
def test_the_times_of_a_merged_event_are_the_same_in_every_document(tmp_path: Path, start: float, chosen: bool) -> None:
    """The first is claimed at 10 s and merged into the second, which is opened at 2,000 s and claimed at 3,010 s.

    A third, which no one claimed, is merged into the first before. One report begins after the mergings, and one is of
    the second only.
    """
    night = Night(tmp_path)
    first = night.raise_(alert("crossing", "T1"), 0)
    third = night.raise_(alert("crossing", "T3", 5, easting=50_000.0), 5)
    night.act(first, "acknowledge", 10)
    night.act(third, "merge", 20, other=first)
    second = night.raise_(alert("crossing", "T2", 2000, easting=-50_000.0), 2000)
    night.act(second, "acknowledge", 3010)
    night.act(first, "merge", 3020, other=second)
    night.act(second, "close", 3400, disposition="turn_back")
    names = (second,) if chosen else ()
    made = period_report(source_of(night), ReportPeriod(at(start), at(3600)), now=at(9000), chosen=names)
    (summary,) = [one.sentences for one in written(made, after_action=True).sections if one.key == "summary"]
    assert summary[0].startswith("1 incident;" if chosen or start else "3 incidents;")
    assert "Time to acknowledgement: median 10 s, 90% within 10 s (1 incident)." in summary
    assert "Time to disposition: median 56 min 40 s, 90% within 56 min 40 s (1 incident)." in summary
    assert [one.id for one in made.merged] == ([first, third] if chosen or start else [])
    night.store.close()


def test_a_merging_acknowledges_no_event(tmp_path: Path) -> None:
    night = Night(tmp_path)
    first, second = (night.raise_(alert("crossing", f"T{n}", easting=n * 50_000.0), n) for n in (0, 1))
    night.act(first, "merge", 20, other=second)
    night.act(second, "acknowledge", 40)
    made = period_report(source_of(night), ReportPeriod(at(0), at(3600)), now=at(9000))
    (summary,) = [one.sentences for one in written(made).sections if one.key == "summary"]
    assert "Time to acknowledgement: median 40 s, 90% within 40 s (1 incident)." in summary
    night.store.close()


def test_what_a_person_closed_names_this_person_and_confirms_no_coverage(report: PeriodReport) -> None:
    (lost,) = report.coverage_lost
    closed = replace(report.closed[0], owner="Ana", closer="patrol-1")
    changed = replace(report, coverage_lost=(replace(lost, closed_by="Jörg"),), incidents=(closed,))
    found = {section.key: section for section in written(changed).sections}
    assert found["coverage"].rows[0][2] == "restoration not confirmed; alert closed by Jörg"
    assert found["closed"].rows[0][2] == "Apprehended\npatrol-1"
    assert written(changed).answer[1].endswith("losses of coverage that last: 1.")
    over = written(replace(report, coverage_lost=(replace(lost, closed_by="Jörg", lasts=False),)))
    assert "losses of coverage that last: 0." in over.answer[1]
    (section,) = [one for one in over.sections if one.key == "coverage"]
    assert section.rows[0][2] == "ended at an unknown time; alert closed by Jörg"


def test_the_report_begins_with_what_the_next_shift_takes_over(report: PeriodReport) -> None:
    document = written(report)
    found = {section.key: len(section.rows) for section in document.sections}
    first, second = document.answer
    assert first == (
        f"{found['open']} incidents are open and {found['closed']} were closed; "
        f"on {found['unattended']} no operator acted."
    )
    assert second.startswith(f"{found['sensors']} sensor does not work, ")
    page, pdf = report_page(document), " ".join(pages_of(report_pdf(document, made_at=report.made_at))[0].split())
    assert f'<p class="answer"><bdi>{first}</bdi></p>' in page
    assert first in pdf


def test_every_message_exists_in_each_language(report: PeriodReport) -> None:
    for language in LANGUAGES:
        words = MessageCatalogue(language, "metric")
        document_of(report, words, made_by="Ana", chosen="Golf 31")
        document_of(report, words, made_by="Ana", after_action=True)
        assert not words.missing
    assert texts(written(report, "fr")) != texts(written(report, "en"))
    assert "Rapport de relève" in texts(written(report, "fr"))


def test_an_after_action_report_has_a_time_line_first_and_no_notes(report: PeriodReport) -> None:
    keys = [section.key for section in written(report, after_action=True).sections]
    assert keys[:3] == ["summary", "log", "open"]
    assert "notes" not in keys
    assert written(report, after_action=True).sections[1].heading == "Timeline"


def test_where_local_time_is_utc_times_have_one_line(report: PeriodReport) -> None:
    document = written(replace(report, time_zone="UTC"))
    assert "10:01\u00a0UTC" in texts(document)
    assert "10:01\u00a0UTC\n" not in "".join(row[-1] for section in document.sections for row in section.rows)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "input", "link"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def test_the_page_has_no_script_loads_nothing_and_escapes_what_people_wrote(report: PeriodReport) -> None:
    page = report_page(written(report))
    tags = _Tags()
    tags.feed(page)
    assert not tags.stack
    assert "script" not in tags.tags
    assert not re.search(r"""(src|href)=(?!"data:,")|url\((?!data:font)|@import""", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert page.count("DIFFUSION RESTREINTE") == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("after_action", [False, True])
def test_the_pdf_has_every_text_of_the_document_on_numbered_marked_pages(
    report: PeriodReport, language: str, after_action: bool
) -> None:
    document = written(report, language, after_action=after_action)
    pages = pages_of(report_pdf(document, made_at=report.made_at))
    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        assert page.count("DIFFUSION RESTREINTE") == 2
        assert re.search(rf"Page {number} (of|sur) {len(pages)}", page)
    # Lines of the PDF break anywhere, and pages repeat headings: compare what is not space.
    printed = re.sub(r"\s|\u00a0|\u202f|￾", "", "".join(pages))
    for section in document.sections:
        assert re.sub(r"\s", "", section.heading) in printed
        for row in section.rows:
            for word in " ".join(row).split():
                assert word.partition("\N{REPLACEMENT CHARACTER}")[0] in printed, word


def test_rows_that_are_higher_than_a_page_are_continued_on_the_next(report: PeriodReport) -> None:
    """A pasted list as a note, and all the sensors of a gateway in one row."""
    names = [f"ground-sensor-{number:03d}" for number in range(400)]
    note = replace(NOTE, text="\n".join(f"point-{number}" for number in range(200)))
    out = [SensorOut(name, "ground_sensor", "offline", at(60)) for name in names]
    document = written(replace(report, notes=(note,), sensors_out=tuple(out)))
    pages = pages_of(report_pdf(document, made_at=report.made_at))
    printed = re.sub(r"\s|￾|-", "", "".join(pages))
    for word in [*note.text.split(), *names]:
        assert word.replace("-", "") in printed, word


def test_accents_and_typography_are_right_in_the_pdf(report: PeriodReport) -> None:
    text = " ".join(pages_of(report_pdf(written(report, "fr"), made_at=report.made_at))).replace("\u00a0", " ")
    for words in ("Rapport de relève – Pyrénées", "« À surveiller ! »", "arrêtées près du col", "l’unité", "Jörg"):
        assert words in text


def test_a_note_has_its_own_marking(report: PeriodReport) -> None:
    document = written(replace(report, notes=(replace(NOTE, marking="SECRET"), NOTE)))
    marked, plain = (row[1] for row in document.sections[0].rows)
    assert marked.startswith("[SECRET]\nAna Keller")
    assert plain.startswith("Ana Keller")


def test_the_same_report_gives_the_same_bytes(report: PeriodReport, tmp_path: Path) -> None:
    document = written(report)
    assert report_pdf(document, made_at=report.made_at) == report_pdf(document, made_at=report.made_at)


def test_sensors_that_stopped_alike_have_one_row_and_are_all_counted(report: PeriodReport) -> None:
    out = report.sensors_out[0]
    alike = [replace(out, sensor=f"seismic-{n:02d}", kind="ground_sensor", state="maintenance") for n in range(32)]
    section = next(one for one in written(replace(report, sensors_out=(out, *alike))).sections if one.key == "sensors")
    assert (len(section.rows), section.count) == (2, 33)
    assert section.rows[1][1] == "stop or maintenance announced", "a stop that was announced is not called maintenance"
    assert "end of a demonstration" in section.sentences[-1]
    answer = written(replace(report, sensors_out=(out, *alike))).answer[1]
    assert answer.startswith("1 sensor does not work; 32 announced their stop, ")
    names, kind = section.rows[1][0].split("\n")
    assert names.split(", ") == [one.sensor for one in alike]
    assert kind == "ground sensor"
    page = report_page(written(replace(report, sensors_out=(out, *alike))))
    assert '<span class="muted">(33)</span>' in page
