"""The page of EUROSUR reports: new reports, follow-ups, what is overdue, and what a marking hides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ops.eurosur.report import Report
from ops.eurosur.store import ReportStore
from tests.ops.services.api.cooperation.served import NOW, centre, texts

REPORT = {
    "sublayer": "events/unauthorised_border_crossing", "known_at": "2026-03-20T11:30", "source": "patrol",
    "reliability": "B", "credibility": "2", "text": "Four persons <on foot>",
}  # fmt: skip


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    with centre(tmp_path, levels=("restricted", "secret")) as made:
        yield made


def post(room: Any, client: Any, **fields: str) -> Any:
    return room.post(client, "/eurosur", page="/eurosur", **fields)


def problem_of(page: str) -> str:
    """The text of the refusal on a page."""
    return texts(page.split('role="alert">')[1].split("</div>")[0])


def reports(room: Any) -> dict[str, Report]:
    store = ReportStore(room.folder)
    try:
        return {one.report.id: one.report for one in store.reports()}
    finally:
        store.close()


def test_a_report_is_added_by_form_followed_up_and_closed_as_not_having_happened(room: Any) -> None:
    with room.logged_in("keller") as client:
        assert post(room, client, **REPORT, urgent="yes", lat="36,61", lon="-84.21", section="West").status_code == 303
        (first,) = reports(room).values()
        assert (first.id, first.urgent, first.lat, first.lon) == ("E20260320-1", True, 36.61, -84.21)
        assert (first.known_at, first.reliability, first.credibility) == (NOW - timedelta(minutes=30), "B", 2)
        page = client.get("/eurosur?language=en").text
        assert "Four persons &lt;on foot&gt;" in page
        assert "First report due by 2026-03-21 11:30" in texts(page)
        follow = {"follows": first.id, "status": "did_not_happen", "source": "sensor", "reliability": "A",
                  "credibility": "1", "text": "A herd of deer"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        second = reports(room)["E20260320-2"]
        assert (second.follows, second.status, second.section, second.lat) == (
            first.id,
            "did_not_happen",
            "West",
            36.61,
        )
        page = client.get("/eurosur?language=en").text
        assert "Did not happen" in texts(page)
        assert 'name="follows"' not in page, "a closed event is not continued"
        assert post(room, client, **follow).status_code == 422
    assert list(reports(room)) == [first.id, second.id]
    assert room.subjects("collection") == [
        "EUROSUR report E20260320-1, open", "EUROSUR report E20260320-2, follow-up of E20260320-1, did_not_happen",
    ]  # fmt: skip


def test_what_is_overdue_comes_first_until_it_is_sent_and_stays_marked_as_late(room: Any) -> None:
    store = ReportStore(room.folder)
    fields = {"layer": "events", "sublayer": "crisis", "source": "patrol", "reliability": "B", "credibility": 2}
    late = Report("late", known_at=NOW - timedelta(hours=25), urgent=True, text="late one", **fields)
    store.add([late, Report("new", known_at=NOW, urgent=True, text="new one", **fields)], NOW)
    with room.logged_in("weiss") as client:
        page = texts(client.get("/eurosur?language=en").text)
        assert "1 first report is overdue" in page
        assert page.index("late one") < page.index("new one")
        store.note_sent([late], NOW)
        page = texts(client.get("/eurosur?language=en").text)
        assert "No first report is overdue." in page
        assert page.index("new one") < page.index("late one")
        assert "The first report was sent late." in page
    store.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"credibility": "1", "source": "human"}, "3 to 6"),
        ({"credibility": "7"}, "from 1 to 6"),
        ({"reliability": "G"}, "Reliability of the source: A to F."),
        ({"sublayer": "events/own_assets"}, "Layer and subject"),
        ({"sublayer": "weather"}, "Layer and subject"),
        ({"known_at": "2026-03-20T12:01"}, "future"),
        ({"known_at": "noon"}, "Known since"),
        ({"lat": "36"}, "latitude and longitude"),
        ({"lat": "north", "lon": "1"}, "latitude and longitude"),
        ({"text": " "}, "Content of the report"),
        ({"follows": "none"}, "Follow up"),
        ({"supported_by": "none"}, "an unknown report"),
        ({"marking": "cosmic"}, "Marking"),
        ({"id": "a b"}, "Report ID"),
        ({"impact": "critical"}, "Impact level"),
        ({"attempt": "half"}, "For unauthorised border crossings"),
    ],
)
def test_a_wrong_form_names_the_field_adds_nothing_and_keeps_what_was_entered(
    room: Any, change: dict[str, str], words: str
) -> None:
    with room.logged_in("keller") as client:
        answer = post(room, client, **REPORT | {"section": "West ridge"} | change)
    assert answer.status_code == 422
    assert words in problem_of(answer.text)
    assert "follows" in change or "West ridge" in answer.text
    assert reports(room) == {}


def test_a_marked_report_is_for_those_who_may_receive_it(room: Any) -> None:
    with room.logged_in("keller") as client:
        answer = post(room, client, **REPORT, marking="secret")
        assert (answer.status_code, "may receive" in problem_of(answer.text)) == (422, True)
        account = room.accounts.store.account("keller")
        room.accounts.store.change(account.id, releasability="restricted")
        assert post(room, client, **REPORT | {"text": "CANARY"}, marking="restricted").status_code == 303
        assert "CANARY" in client.get("/eurosur").text
    with room.logged_in("weiss") as other:
        assert "CANARY" not in other.get("/eurosur").text
        refused = post(room, other, follows="E20260320-1", status="closed", source="sensor", reliability="A",
                       credibility="1", text="closed by one who may not see it")  # fmt: skip
        assert refused.status_code == 422
        assert "the newest report of an open event on the page" in problem_of(refused.text)
        hidden, unknown = (post(room, other, **REPORT, supported_by=name) for name in ("E20260320-1", "E20260320-9"))
        problems = [problem_of(one.text) for one in (hidden, unknown)]
        assert problems[0] == problems[1], "a hidden report is answered as an unknown one"
        assert (hidden.status_code, "an unknown report" in problems[0]) == (422, True)


def test_who_has_no_right_is_led_away_and_both_languages_are_complete(room: Any) -> None:
    with room.logged_in("vogt") as viewer:
        assert viewer.get("/eurosur").headers["location"] == "/"
        token = room.token_of(viewer.get("/account").text)
        assert viewer.post("/eurosur", data={"form_token": token, **REPORT}).headers["location"] == "/"
    assert not (room.folder / "eurosur.db").exists()
    with room.logged_in("keller") as client:
        post(room, client, **REPORT, impact="high")
        found = client.get("/eurosur?language=fr").text
    page = texts(found)
    assert "Franchissement non autorisé" in page
    assert "Fiabilité de la source" in page
    assert "B\N{NO-BREAK SPACE}: habituellement fiable" in found
    for label in ("1 : confirmée par d’autres sources", "3 : peut-être vraie", "6 : non évaluable", "Moyen", "Capteur"):
        assert label in page, label
    assert "eurosur-" not in page


def test_a_refusal_is_in_the_language_of_the_page_with_the_technical_reason_marked_as_english(room: Any) -> None:
    with room.logged_in("keller") as client:
        page = room.post(client, "/eurosur?language=fr", page="/eurosur", **REPORT | {"id": "a b"}).text
    sentence, reason = page.split('role="alert">')[1].split("</div>")[0].split("</p>")[:2]
    assert sentence.startswith("<p>Identifiant du rapport\N{NO-BREAK SPACE}: ")
    assert 'lang="en"' in reason


def test_the_reaction_the_validation_and_the_circumstances_of_a_crossing_are_stated_by_form(room: Any) -> None:
    crossing = {"attempt": "attempted", "manner": "clandestine", "direction": "entry", "detected_during": "other"}
    with room.logged_in("keller") as client:
        stated = {"reaction": "A patrol was sent.", "impact": "very_high", **crossing}
        assert post(room, client, **REPORT, **stated).status_code == 303
        follow = {"follows": "E20260320-1", "status": "no_reportable_impact", "source": "patrol", "reliability": "A",
                  "credibility": "1", "text": "Nothing more", "validated": "yes"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        page = texts(client.get("/eurosur?language=en").text)
    first, second = reports(room).values()
    assert (first.reaction, first.validation, first.impact) == ("A patrol was sent.", "not_validated", "very_high")
    assert msgspec.to_builtins(first.crossing) == crossing
    assert (second.crossing, second.validation, second.status) == (first.crossing, "validated", "no_reportable_impact")
    for words in ("A patrol was sent.", "validated", "Impact too low to report", "Manner: Clandestine", "Very high"):
        assert words in page, words
    assert "First report due by 2026-03-21 11:30" in page


def test_circumstances_of_a_crossing_are_left_out_of_other_reports(room: Any) -> None:
    with room.logged_in("keller") as client:
        assert post(room, client, **REPORT | {"sublayer": "events/crisis"}, attempt="attempted").status_code == 303
    (made,) = reports(room).values()
    assert made.crossing is None


def test_a_follow_up_that_raises_the_impact_is_due_within_24_hours(room: Any) -> None:
    with room.logged_in("keller") as client:
        post(room, client, **REPORT | {"sublayer": "events/other"}, impact="low")
        assert "First report due" not in texts(client.get("/eurosur?language=en").text)
        follow = {"follows": "E20260320-1", "source": "patrol", "reliability": "A", "credibility": "1", "text": "Arms",
                  "known_at": "2026-03-20T11:45", "impact": "high"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        assert "First report due by 2026-03-21 11:45" in texts(client.get("/eurosur?language=en").text)
        room.now_ns += 25 * 3600 * 10**9
        assert "1 first report is overdue" in texts(client.get("/eurosur?language=en").text)
