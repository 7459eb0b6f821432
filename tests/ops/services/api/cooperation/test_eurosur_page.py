"""The page of EUROSUR reports: new reports, follow-ups, what is overdue, and what a marking hides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

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
        ({"reliability": "G"}, "reliability"),
        ({"sublayer": "events/own_assets"}, "sublayer"),
        ({"sublayer": "weather"}, "layer"),
        ({"known_at": "2026-03-20T12:01"}, "future"),
        ({"known_at": "noon"}, "known_at"),
        ({"lat": "36"}, "lon and lat"),
        ({"lat": "north", "lon": "1"}, "lat"),
        ({"text": " "}, "text"),
        ({"follows": "none"}, "follows"),
        ({"supported_by": "none"}, "unknown report"),
        ({"marking": "cosmic"}, "marking"),
        ({"id": "a b"}, "id"),
    ],
)
def test_a_wrong_form_names_the_field_adds_nothing_and_keeps_what_was_entered(
    room: Any, change: dict[str, str], words: str
) -> None:
    with room.logged_in("keller") as client:
        answer = post(room, client, **REPORT | {"section": "West ridge"} | change)
    assert answer.status_code == 422
    problem = answer.text.split('role="alert" lang="en">')[1].split("</p>")[0]
    assert words in problem
    assert "follows" in change or "West ridge" in answer.text
    assert reports(room) == {}


def test_a_marked_report_is_for_those_who_may_receive_it(room: Any) -> None:
    with room.logged_in("keller") as client:
        answer = post(room, client, **REPORT, marking="secret")
        assert (answer.status_code, "may receive" in answer.text) == (422, True)
        account = room.accounts.store.account("keller")
        room.accounts.store.change(account.id, releasability="restricted")
        assert post(room, client, **REPORT | {"text": "CANARY"}, marking="restricted").status_code == 303
        assert "CANARY" in client.get("/eurosur").text
    with room.logged_in("weiss") as other:
        assert "CANARY" not in other.get("/eurosur").text
        refused = post(room, other, follows="E20260320-1", status="closed", source="sensor", reliability="A",
                       credibility="1", text="closed by one who may not see it")  # fmt: skip
        assert refused.status_code == 422
        assert "expected a report on the page" in refused.text
        hidden, unknown = (post(room, other, **REPORT, supported_by=name) for name in ("E20260320-1", "E20260320-9"))
        problems = [one.text.split('role="alert" lang="en">')[1].split("</p>")[0] for one in (hidden, unknown)]
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
