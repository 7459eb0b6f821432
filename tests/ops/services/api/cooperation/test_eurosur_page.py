"""The page of EUROSUR reports: new reports, follow-ups, what is overdue, and what a marking hides."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from geo.errors import BadInput
from ops.eurosur.attributes import subjects
from ops.eurosur.report import Report
from ops.eurosur.store import ReportStore
from ops.services.api.cooperation.report_form import report_of_form
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


def newest(room: Any) -> str:
    """The id of the report that was added last."""
    return list(reports(room))[-1]


def test_a_report_is_added_by_form_followed_up_and_closed_as_not_having_happened(room: Any) -> None:
    with room.logged_in("keller") as client:
        assert post(room, client, **REPORT, urgent="yes", lat="36,61", lon="-84.21", section="West").status_code == 303
        (first,) = reports(room).values()
        assert re.fullmatch("E20260320-[0-9a-f]{6}", first.id)
        assert (first.urgent, first.lat, first.lon) == (True, 36.61, -84.21)
        assert (first.known_at, first.reliability, first.credibility) == (NOW - timedelta(minutes=30), "B", 2)
        page = client.get("/eurosur?language=en").text
        assert "Four persons &lt;on foot&gt;" in page
        assert "Report due by 2026-03-21 11:30" in texts(page)
        follow = {"follows": first.id, "status": "did_not_happen", "source": "sensor", "reliability": "A",
                  "credibility": "1", "text": "A herd of deer"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        second = list(reports(room).values())[1]
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
        f"EUROSUR report {first.id}, open", f"EUROSUR report {second.id}, follow-up of {first.id}, did_not_happen",
    ]  # fmt: skip


def test_what_is_overdue_comes_first_until_it_is_sent_and_stays_marked_as_late(room: Any) -> None:
    store = ReportStore(room.folder)
    fields = {"layer": "events", "sublayer": "crisis", "source": "patrol", "reliability": "B", "credibility": 2}
    late = Report("late", known_at=NOW - timedelta(hours=25), urgent=True, text="late one", **fields)
    store.add([late, Report("new", known_at=NOW, urgent=True, text="new one", **fields)], NOW)
    with room.logged_in("weiss") as client:
        page = texts(client.get("/eurosur?language=en").text)
        assert "1 report is overdue" in page
        assert page.index("late one") < page.index("new one")
        store.note_sent([late], NOW)
        page = texts(client.get("/eurosur?language=en").text)
        assert "No report is overdue." in page
        assert page.index("new one") < page.index("late one")
        assert "A report was sent late." in page
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
        ({"impact": "critical"}, "Impact level"),
        ({"unauthorised_border_crossing.attempt": "half"}, "Attempt: one of the list."),
        ({"related": "none"}, "Related reports"),
        (
            {"sublayer": "events/search_and_rescue", "search_and_rescue.ended_at": "0001-01-01T00:00+10:00"},
            "End of the rescue",
        ),
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
        refused = post(room, other, follows=newest(room), status="closed", source="sensor", reliability="A",
                       credibility="1", text="closed by one who may not see it")  # fmt: skip
        assert refused.status_code == 422
        assert "the newest report of an open event on the page" in problem_of(refused.text)
        hidden, unknown = (post(room, other, **REPORT, supported_by=name) for name in (newest(room), "E20260320-9"))
        problems = [problem_of(one.text) for one in (hidden, unknown)]
        assert problems[0] == problems[1], "a hidden report is answered as an unknown one"
        assert (hidden.status_code, "an unknown report" in problems[0]) == (422, True)


def test_a_form_states_no_id_and_learns_nothing_of_a_hidden_follow_up(room: Any) -> None:
    follow = {"status": "open", "source": "sensor", "reliability": "A", "credibility": "1", "text": "CANARY"}
    with room.logged_in("weiss") as other:
        assert post(room, other, **REPORT).status_code == 303
        (first,) = reports(room).values()
        store = ReportStore(room.folder)
        store.add([msgspec.structs.replace(first, id="hidden", follows=first.id, marking="restricted")], NOW)
        store.close()
        refused = post(room, other, **follow, follows=first.id)
        problem = problem_of(refused.text)
        assert (refused.status_code, "the newest report of an open event on the page" in problem) == (422, True)
        assert "hidden" not in problem
        for stated in ("hidden", "E20260320-free"):
            assert post(room, other, **REPORT, id=stated).status_code == 303
    assert "E20260320-free" not in reports(room)
    assert len(reports(room)) == 4


def test_the_id_of_a_report_does_not_state_how_many_there_are(room: Any) -> None:
    with room.logged_in("keller") as client:
        for _ in range(12):
            assert post(room, client, **REPORT).status_code == 303
    ids = list(reports(room))
    assert len(ids) == 12
    assert ids != sorted(ids)
    assert all(re.fullmatch("E20260320-[0-9a-f]{6}", one) for one in ids)


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
        page = room.post(client, "/eurosur?language=fr", page="/eurosur", **REPORT | {"impact": "critical"}).text
    sentence, reason = page.split('role="alert">')[1].split("</div>")[0].split("</p>")[:2]
    assert sentence.startswith("<p>Niveau d’impact\N{NO-BREAK SPACE}: ")
    assert 'lang="en"' in reason


def test_the_reaction_the_validation_and_the_circumstances_of_a_crossing_are_stated_by_form(room: Any) -> None:
    crossing = {"attempt": "attempted", "manner": "clandestine", "direction": "entry", "detected_during": "other"}
    with room.logged_in("keller") as client:
        fields = {f"unauthorised_border_crossing.{name}": value for name, value in crossing.items()}
        stated = {"reaction": "A patrol was sent.", "impact": "very_high", **fields}
        assert post(room, client, **REPORT, **stated).status_code == 303
        follow = {"follows": newest(room), "status": "no_reportable_impact", "source": "patrol", "reliability": "A",
                  "credibility": "1", "text": "Nothing more", "validated": "yes"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        page = texts(client.get("/eurosur?language=en").text)
    first, second = reports(room).values()
    assert (first.reaction, first.validation, first.impact) == ("A patrol was sent.", "not_validated", "very_high")
    assert first.details == crossing
    assert (second.details, second.validation, second.status) == (crossing, "validated", "no_reportable_impact")
    for words in ("A patrol was sent.", "validated", "Impact too low to report", "Manner: Clandestine", "Very high"):
        assert words in page, words
    assert "Report due by 2026-03-21 11:30" in page


def test_circumstances_of_a_crossing_are_left_out_of_other_reports(room: Any) -> None:
    with room.logged_in("keller") as client:
        assert (
            post(
                room,
                client,
                **REPORT | {"sublayer": "events/crisis"},
                **{"unauthorised_border_crossing.attempt": "attempted"},
            ).status_code
            == 303
        )
    (made,) = reports(room).values()
    assert made.details == {}


def test_a_follow_up_that_raises_the_impact_is_due_within_24_hours(room: Any) -> None:
    with room.logged_in("keller") as client:
        post(room, client, **REPORT | {"sublayer": "events/other"}, impact="low")
        assert "Report due" not in texts(client.get("/eurosur?language=en").text)
        follow = {"follows": newest(room), "source": "patrol", "reliability": "A", "credibility": "1", "text": "Arms",
                  "known_at": "2026-03-20T11:45", "impact": "high"}  # fmt: skip
        assert post(room, client, **follow).status_code == 303
        assert "Report due by 2026-03-21 11:45" in texts(client.get("/eurosur?language=en").text)
        room.now_ns += 25 * 3600 * 10**9
        assert "1 report is overdue" in texts(client.get("/eurosur?language=en").text)


def fields_of(sublayer: str, **details: str) -> dict[str, str]:
    return {f"{sublayer}.{name}": value for name, value in details.items()}


def test_the_attributes_of_a_subject_are_stated_by_form_and_changed_by_follow_ups(room: Any) -> None:
    rescue = fields_of("search_and_rescue", phase="distress", persons_in_danger="12", rescued="", children="3")
    with room.logged_in("keller") as client:
        assert post(room, client, **REPORT | {"sublayer": "events/search_and_rescue"}, **rescue).status_code == 303
        page = client.get("/eurosur?language=en").text
        assert "Emergency phase: Distress · Persons in danger: 12 · Children among them: 3" in texts(page)
        follow = {"follows": newest(room), "source": "patrol", "reliability": "A", "credibility": "1", "text": "Over",
                  "known_at": "2026-03-20T11:59"}  # fmt: skip
        ended = fields_of("search_and_rescue", ended_at="2026-03-20T11:40", rescued="12", children="", phase="distress")
        assert post(room, client, **follow, **ended, related=follow["follows"]).status_code == 303
    first, second = reports(room).values()
    assert first.details == {"phase": "distress", "persons_in_danger": 12, "children": 3}
    assert second.details == {
        "phase": "distress", "persons_in_danger": 12, "rescued": 12, "ended_at": "2026-03-20T11:40:00Z",
    }  # fmt: skip
    assert second.related == (first.id,)
    with room.logged_in("keller") as client:
        assert f"Related reports (IDs): {first.id}" in texts(client.get("/eurosur?language=en").text)


def test_the_end_of_a_rescue_that_is_not_sent_is_overdue_also_after_the_first_report_was_sent(room: Any) -> None:
    store = ReportStore(room.folder)
    fields: dict[str, Any] = {"layer": "events", "sublayer": "search_and_rescue", "source": "patrol",
                              "reliability": "B", "credibility": 2, "text": "one"}  # fmt: skip
    first = Report("S1", known_at=NOW - timedelta(days=3), **fields)
    ended = {"ended_at": (NOW - timedelta(hours=23)).isoformat()}
    last = Report("S2", known_at=NOW - timedelta(hours=1), follows="S1", details=ended, **fields)
    store.add([first, last], NOW)
    store.note_sent([first], NOW)
    with room.logged_in("keller") as client:
        page = texts(client.get("/eurosur?language=en").text)
        assert "No report is overdue." in page, "the first was sent late, the end is due in an hour"
        assert "A report was sent late. Report due by 2026-03-20 13:00" in page
        room.now_ns += 2 * 3600 * 10**9
        page = texts(client.get("/eurosur?language=en").text)
        assert "1 report is overdue" in page
        assert "Overdue since 2026-03-20 13:00" in page
        store.note_sent([last], NOW + timedelta(hours=3))
        assert "No report is overdue." in texts(client.get("/eurosur?language=en").text)
    store.close()


def test_a_follow_up_that_does_not_state_attributes_keeps_them_to_the_second(room: Any) -> None:
    store = ReportStore(room.folder)
    fields = {"layer": "events", "sublayer": "search_and_rescue", "source": "patrol", "reliability": "B",
              "credibility": 2, "text": "one", "details": {"ended_at": "2026-03-20T10:00:07Z"}}  # fmt: skip
    store.add([Report("S1", known_at=NOW, **fields)], NOW)  # type: ignore[arg-type]
    store.close()
    follow = {"follows": "S1", "source": "patrol", "reliability": "A", "credibility": "1", "text": "two"}
    with room.logged_in("keller") as client:
        shown = fields_of("search_and_rescue", ended_at="2026-03-20T10:00")  # as the form shows it
        assert post(room, client, **follow, **shown).status_code == 303
    assert reports(room)[newest(room)].details == {"ended_at": "2026-03-20T10:00:07Z"}


@pytest.mark.parametrize(
    ("sublayer", "details", "words"),
    [
        ("events/search_and_rescue", {"rescued": "many"}, "Persons rescued: a whole number from 0."),
        ("events/refusals_of_entry", {"month": "2026-02"}, "Number: a value is needed."),
        ("events/refusals_of_entry", {"month": "2026-02", "count": "5", "by_nationality": "SYR 3, AFG 3"},
         "By nationality: the value contradicts another"),
        ("events/refusals_of_entry", {"month": "2026-02", "count": "5", "by_nationality": "Syria"},
         "By nationality: numbers by country"),
        ("operational/environment", {"temperature": "cold"}, "Air temperature: a number within the limits"),
        ("analysis/section_impact", {"section_level": "high"}, "Border section"),
        ("analysis/watchlist", {"watched": "vessel"}, "Pattern or profile, and the reason: a value is needed."),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_refused_by_its_name_in_both_languages(
    room: Any, sublayer: str, details: dict[str, str], words: str
) -> None:
    fields = REPORT | {"sublayer": sublayer} | fields_of(sublayer.partition("/")[2], **details)
    with room.logged_in("keller") as client:
        answer = post(room, client, **fields)
        french = room.post(client, "/eurosur?language=fr", page="/eurosur", **fields)
    assert (answer.status_code, french.status_code) == (422, 422)
    assert words in problem_of(answer.text)
    assert words.partition(":")[0] not in problem_of(french.text)
    for name, value in details.items():
        assert f'name="{sublayer.partition("/")[2]}.{name}"' in answer.text
        assert value in answer.text, "what was entered is kept"
    assert reports(room) == {}


def test_an_indicator_and_an_asset_are_reported_by_form_and_are_not_closed(room: Any) -> None:
    refusals = fields_of("refusals_of_entry", month="2026-02", count="5", by_nationality="SYR 3, AFG 2",
                         by_sex="female 2, male=3")  # fmt: skip
    asset = fields_of("own_assets", asset="vessel", asset_status="deployed", area="West bay")
    with room.logged_in("keller") as client:
        for sublayer, details in (("events/refusals_of_entry", refusals), ("operational/own_assets", asset)):
            assert (
                post(room, client, **REPORT | {"sublayer": sublayer, "source": "authority"}, **details).status_code
                == 303
            )
        page = client.get("/eurosur?language=en").text
    first, second = reports(room).values()
    assert first.details["by_nationality"] == {"SYR": 3, "AFG": 2}
    assert first.details["by_sex"] == {"female": 2, "male": 3}
    assert second.details == {"asset": "vessel", "asset_status": "deployed", "area": "West bay"}
    assert 'name="follows"' not in page
    assert "By nationality: SYR 3, AFG 2" in texts(page)
    assert "Report due by 2026-03-16 00:00" in texts(page) or "Overdue since 2026-03-16 00:00" in texts(page)


def test_the_form_has_every_attribute_in_the_language_of_the_page_and_shows_those_of_the_subject(room: Any) -> None:
    """Each subject has its fieldset and its rule in the style sheet; the French page has no English label."""
    with room.logged_in("keller") as client:
        pages = {language: client.get(f"/eurosur?language={language}").text for language in ("en", "fr")}
        style = client.get("/cooperation.css").text
    labels = {language: re.findall(r'<label for="([^"]*)">([^<]*)<', page) for language, page in pages.items()}
    count = 0
    for found in subjects().values():
        for sublayer, subject in found.items():
            if not subject.attributes:
                continue
            assert f'data-subject="{sublayer}"' in pages["fr"]
            assert f'.of-subject[data-subject="{sublayer}"]' in style
            for name, attribute in subject.attributes.items():
                key, english, french = f"{sublayer}.{name}", dict(labels["en"]), dict(labels["fr"])
                assert key in english
                assert name not in (english[key], french[key]), "a name without words"
                for choice in attribute.values:
                    assert f'<option value="{choice}">{choice}<' not in pages["fr"]
                count += 1
    assert count > 90
    assert not set(dict(labels["en"]).values()) & set(dict(labels["fr"]).values()) - {
        "", "Direction", "Source", "Identification", "Terrain", "Section", "Marking",
    }  # fmt: skip


@pytest.mark.parametrize("piece", ["=", "a=", " :"])
def test_parts_of_any_length_are_read_in_one_pass(piece: str) -> None:
    """A text of signs that stand between name and number was tried in every way: 40 s of the server for one form."""
    began_s = time.thread_time()
    with pytest.raises(BadInput):
        report_of_form(
            {"sublayer": "events/refusals_of_entry", "credibility": "2",
             "refusals_of_entry.by_age": piece * 30_000 + "x"},
            "E1", datetime(2026, 3, 14, tzinfo=UTC), None,
        )  # fmt: skip
    assert time.thread_time() - began_s < 5.0, "of the processor, whatever else it does"
