"""The history routes on a real server: the picture as known then, what is known now, and records through time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest

from geo.frame import LocalFrame
from ops.audit.day_keys import DayKeys
from ops.audit.files import day_files
from ops.audit.log import AuditLog
from ops.incidents.incident import NamedTrack
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.history.models import (
    HistoryExtent,
    IncidentThroughTime,
    MomentRecord,
    OpenedIncidents,
    ThroughTime,
)
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.moment_reader import MomentReader
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, alert, at, incident
from tests.patience import PATIENT_S

S = 10**9
EPSG = 32616
FRAME = LocalFrame.from_epsg(EPSG)
EASTING, NORTHING = (float(part) for part in FRAME.to_local(-84.2, 36.6))
ERASED = datetime(2026, 3, 18, 12, tzinfo=UTC)  # START_NS is on 2026-03-20


def then(seconds: float) -> str:
    return at(seconds).isoformat()


def track(name: str, lon: float = -84.2) -> dict[str, Any]:
    return {"track": name, "status": "confirmed", "lon": lon, "lat": 36.6, "updated_ns": START_NS}


def history(rows: list[tuple[str, float, float]]) -> dict[str, np.ndarray]:
    count = len(rows)
    return {
        "track": np.array([name for name, *_ in rows]),
        "time": np.array([START_NS + round(second * S) for _, second, _ in rows], dtype="datetime64[ns]"),
        "easting": np.array([EASTING + east for *_, east in rows]),
        "northing": np.full(count, NORTHING),
        "easting_rate": np.zeros(count),
        "northing_rate": np.zeros(count),
        "cov": np.zeros((count, 4, 4)),
        "existence": np.full(count, 0.9),
        "status": np.array(["confirmed"] * count),
        "segment": np.zeros(count, np.int32),
        "offset_m": np.zeros(count),
    }


def opened(identity: str, seconds: float, **more: Any) -> dict[str, Any]:
    lead = alert()
    made = incident(id=identity, lead=lead.id, alerts=(lead.id,), opened_at=at(seconds), **more)
    return incident_dict(made, FRAME, section="West")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("history")
    store, log = Store(folder / "store.db", encrypted=True), AuditLog(folder / "audit")
    erased_ns = int(ERASED.timestamp()) * S
    store.commit(1, stamp_ns=erased_ns, tracks_live=[track("T0")])
    first = alert("approaching", "T1")
    for second in range(0, 200, 2):
        tracks = [track("T1", -84.2 + second * 1e-5)] + ([track("T2")] if second >= 100 else [])
        more: dict[str, Any] = {}
        if second == 0:
            more = {
                "alerts": [alert_dict(first, FRAME)],
                "incident_revisions": [opened("I1", 0, tracks=(NamedTrack("T1", "Cedar 4"),))],
            }
        if second == 150:
            more["incident_revisions"] = [
                opened("I1", 0, revision=1, state="closed", disposition="apprehended", closed_by="person"),
                opened("I2", 150, name="Kilo 3", tracks=(NamedTrack("T2", "Cedar 5"),)),
            ]
        rows = [("T1", second - 60 + 0.5, second + 30.0)] if second > 60 else []
        store.commit(
            2 + second,
            stamp_ns=START_NS + second * S,
            tracks_live=tracks,
            sensors=[{"sensor": "radar-1", "state": "ok"}],
            history=history(rows),
            **more,
        )
    DayKeys(folder / "keys").erase("tracks", ERASED.date())
    app = create_app(
        store.path,
        ApiSettings(
            "x",
            operator="m.keller",
            guard=GuardSettings(token="t0ken"),
            pages=folder / "not-built",
            ground={"bounds": [-84.5, 36.4, -84.0, 36.8], "frame": {"name": "UTM", "epsg": EPSG}},
        ),
        act=lambda _: None,
        now_ns=lambda: START_NS,
        access_log=log,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        yield SimpleNamespace(client=client, app=app, folder=folder)
    log.close()
    store.close()


def get(room: Any, path: str, model: Any, **query: Any) -> Any:
    answer = room.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    model.model_validate(answer.json())
    return answer.json()


def test_the_extent_states_days_and_what_is_erased(room: Any) -> None:
    body = get(room, "/v1/history", HistoryExtent)
    assert [day["day"] for day in body["days"]] == ["2026-03-18", "2026-03-20"]
    assert (body["first"], body["last"]) == ("2026-03-18T12:00:00.000000Z", body["days"][1]["last"])
    erased = body["days"][0]["erased"]
    assert [one["kind"] for one in erased] == ["tracks"]
    assert abs(datetime.fromisoformat(erased[0]["erased_at"]) - datetime.now(UTC)) < timedelta(days=1)
    assert body["days"][1]["erased"] == []


def test_a_moment_is_the_picture_as_known_then(room: Any) -> None:
    body = get(room, "/v1/history/moment", MomentRecord, at=then(51))
    assert datetime.fromisoformat(body["at"]) == at(50)
    assert datetime.fromisoformat(body["next"]) == at(52)
    assert [(one["track"], one["lon"]) for one in body["tracks"]] == [("T1", -84.2 + 50e-5)]
    assert body["sensors"] == [{"sensor": "radar-1", "state": "ok"}]
    assert [(one["id"], one["state"]) for one in body["incidents"]] == [("I1", "open")]
    assert len(body["alerts"]) == 1
    assert (body["bearings"], body["units"], body["now"], body["erased"]) == (None, None, None, [])
    later = get(room, "/v1/history/moment", MomentRecord, at=then(1000))
    assert datetime.fromisoformat(later["at"]) == at(198)
    assert later["next"] is None
    assert {one["id"]: one["state"] for one in later["incidents"]} == {"I1": "closed", "I2": "open"}


def test_beside_it_stands_what_is_known_now(room: Any) -> None:
    now = get(room, "/v1/history/moment", MomentRecord, at=then(100), now="true")["now"]
    assert [(one["id"], one["state"], one["disposition"]) for one in now["incidents"]] == [
        ("I1", "closed", "apprehended")
    ]
    assert [one["id"] for one in now["opened_later"]] == ["I2"]  # of T2, which was in the picture
    assert [one["track"] for one in now["tracks"]] == ["T1"]
    lon, lat = FRAME.to_lonlat(now["tracks"][0]["easting"], now["tracks"][0]["northing"])
    assert (now["tracks"][0]["lon"], now["tracks"][0]["lat"]) == pytest.approx((lon, lat), abs=1e-6)
    unsettled = get(room, "/v1/history/moment", MomentRecord, at=then(190), now="true")["now"]
    assert unsettled["tracks"] is None  # late data may still change them


def test_an_erased_day_says_so_instead_of_an_empty_map(room: Any) -> None:
    body = get(room, "/v1/history/moment", MomentRecord, at=(ERASED + timedelta(hours=1)).isoformat(), now="true")
    assert body["tracks"] is None
    assert body["sensors"] is None
    assert body["now"]["tracks"] is None
    assert [one["kind"] for one in body["erased"]] == ["tracks"]
    assert datetime.fromisoformat(body["erased"][0]["erased_at"]).date() in {
        datetime.now(UTC).date(),
        datetime.now(UTC).date() - timedelta(days=1),
    }


def test_incidents_by_the_time_of_their_opening(room: Any) -> None:
    body = get(room, "/v1/history/incidents", OpenedIncidents, **{"from": then(-10), "until": then(100)})
    assert [(one["id"], one["disposition"]) for one in body["incidents"]] == [("I1", "apprehended")]
    body = get(room, "/v1/history/incidents", OpenedIncidents, **{"from": then(0), "until": then(500), "limit": 1})
    assert (body["more"], len(body["incidents"])) == (True, 1)


def test_one_incident_through_time(room: Any) -> None:
    body = get(room, "/v1/history/incidents/I1", IncidentThroughTime)
    assert [one["state"] for one in body["revisions"]] == ["open", "closed"]
    assert body["erased"] == 0
    assert room.client.get("/v1/history/incidents/I9").status_code == 404


def test_one_track_through_time_then_and_now(room: Any) -> None:
    query = {"from": then(0), "until": then(190), "samples": 40}
    body = get(room, "/v1/history/tracks/T1", ThroughTime, **query)
    assert len(body["then"]) >= 3  # whole pictures, a minute apart at most
    assert body["then"][0]["entry"]["lon"] == -84.2
    times = [one["at"] for one in body["now"]]
    assert times == sorted(set(times))
    assert len(times) > 5
    assert get(room, "/v1/history/units/patrol-1", ThroughTime, **query)["then"] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [("/v1/history/tracks/T1", {"from": then(0), "until": then(190), "samples": 40}),
     ("/v1/history/moment", {"at": then(10), "now": True})],
)  # fmt: skip
def test_the_history_is_searched_once_for_the_time_up_to_which_it_is_final(
    room: Any, monkeypatch: pytest.MonkeyPatch, path: str, query: dict[str, Any]
) -> None:
    """For a person from whom its newest rows are hidden, a search may read all of it."""
    searches: list[Any] = []
    search = MomentReader.final_ns

    def counted(reader: MomentReader, hidden: Any = ()) -> int | None:
        searches.append(hidden)
        return search(reader, hidden)

    monkeypatch.setattr(MomentReader, "final_ns", counted)
    assert room.client.get(path, params=query).status_code == 200
    assert len(searches) == 1


@pytest.mark.parametrize("path", ["/v1/history", "/v1/history/moment?at=" + then(10).replace("+", "%2B")])
def test_the_same_answer_is_not_sent_twice(room: Any, path: str) -> None:
    first = room.client.get(path)
    again = room.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = room.client.get(
        "/v1/history/moment", params={"at": then(20)}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert other.status_code == 200


def test_each_look_back_is_in_the_audit_log_with_its_purpose(room: Any) -> None:
    room.client.get("/v1/history/moment", params={"at": then(77)}, headers={"Purpose": "debriefing of patrol 4"})
    room.client.get("/v1/history/tracks/T1", params={"from": then(0), "until": then(5)})
    text = b"".join(path.read_bytes() for path in day_files(room.folder / "audit")).decode()
    moment = next(line for line in text.splitlines() if "debriefing of patrol 4" in line)
    assert "picture of 2026-03-20T" in moment
    assert "consultation" in moment
    assert "track T1 through time" in text


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("moment", {"at": "yesterday"}, 422, "is not a time"),
        ("moment", {"at": "2026-03-20T10:00:00"}, 422, "offset"),
        ("moment", {"at": "1969-01-01T00:00:00Z"}, 422, "out of range"),
        ("moment", {"at": "2" * 5000}, 422, "at most 40"),
        ("moment", {}, 422, "at"),
        ("moment", {"at": "2026-01-01T00:00:00Z"}, 404, "No moment is kept before 2026-03-18T12:00:00"),
        ("incidents", {"from": "2026-03-21T00:00:00Z", "until": "2026-03-20T00:00:00Z"}, 422, "until lies before from"),
        ("incidents", {"from": "2026-03-21T00:00:00Z", "until": "2026-03-22T00:00:00Z", "limit": 0}, 422, "limit"),
        ("tracks/T1", {"from": "2026-03-20T00:00:00Z", "until": "2026-03-21T00:00:00Z", "samples": 10**9}, 422, "300"),
        ("incidents/%3Cscript%3E", {}, 422, "pattern"),
    ],
)
def test_bad_requests_get_one_sentence(room: Any, path: str, query: dict[str, Any], status: int, words: str) -> None:
    answer = room.client.get(f"/v1/history/{path}", params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize("name", ["T9", "🦊", "'; DROP TABLE moments; --", "x" * 128])
def test_names_from_outside_find_nothing(room: Any, name: str) -> None:
    answer = room.client.get(
        f"/v1/history/tracks/{httpx.URL('http://x').copy_with(path='/' + name).raw_path.decode()[1:]}",
        params={"from": then(0), "until": then(100)},
    )
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.content)["then"] == []


def test_a_store_without_moments_says_so(tmp_path: Any) -> None:
    store = Store(tmp_path / "store.db")
    app = create_app(store.path, ApiSettings("x", guard=GuardSettings(token="t0ken")), act=print, now_ns=lambda: 0)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        assert client.get("/v1/history").json() == {"first": None, "last": None, "final": None, "days": []}
        answer = client.get("/v1/history/moment", params={"at": "2026-03-20T00:00:00Z"})
        assert (answer.status_code, answer.json()["detail"]) == (404, "No moment is kept yet.")
    store.close()
