"""The national page's server on real stores: what each person receives of which sector, and how the stream grows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from ops.accounts.person import ROLES
from ops.accounts.rights import HOLDERS
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.cluster.identity.nation_store import FILE as NATION
from ops.cluster.identity.nation_store import Continued, NationReader, NationStore
from ops.cluster.leases.lease_book import LeaseBook
from ops.cluster.page.models import NationalPicture
from ops.cluster.page.routes import nation_rights
from ops.cluster.page.sector_watch import SectorNow, SectorWatch, row_of
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.release import Release
from ops.store.connections import StoreError
from tests.ops.cluster.page.nation import (
    COVERAGE,
    NAMES,
    NOW_NS,
    NationServer,
    S,
    Sectors,
    incident,
    nation_server,
    stream,
    until_incidents,
)
from tests.patience import PATIENT_S

NOTHING = ("open", "attention", "oldest_unacknowledged_at", "sensors", "coverage", "posture", "worker", "behind")


def rows(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/v1/nation")
    assert answer.status_code == 200, answer.text
    NationalPicture.model_validate(answer.json())
    return {row["sector"]: row for row in answer.json()["sectors"]}


def test_a_row_states_what_is_open_and_since_when_nobody_has_acknowledged_it(sectors: Sectors, server: NationServer):
    sectors.show(
        "west",
        incident("I1", 5, "distress"),
        incident("I2", 90, "medium", attention=False, state="acknowledged"),
        incident("I3", 30, "high"),
        incident("I4", 400, "high", state="closed"),
    )
    with server.client("w", {"*": "viewer"}) as client:
        west = rows(client)["west"]
    assert west["state"] == "current"
    assert west["open"] == {"distress": 1, "high": 1, "medium": 1, "low": 0}
    assert west["attention"] == 2
    assert west["oldest_unacknowledged_at"] == "2026-09-21T13:43:20Z"  # half an hour before NOW_NS, by hand
    assert west["sensors"] == {"working": 3, "others": 1}
    assert west["coverage"] == COVERAGE
    assert west["posture"] == {"met": 1, "unmet": 1, "open": 1}
    assert west["heard_at"] is None


def test_all_open_incidents_of_a_sector_are_counted_however_many_there_are(sectors: Sectors, server: NationServer):
    """The list shows the 300 most urgent ones (decision 0103); sums are of all."""
    closed = [incident(f"c{number}", 1000, state="closed", attention=False) for number in range(10)]
    waiting = [incident(f"i{number}", 500 - number, "low") for number in range(350)]
    sectors.show("west", *closed, *waiting, incident("oldest", 900, "high"))
    with server.client("w", {"*": "viewer"}) as client:
        west = rows(client)["west"]
        events = client.get("/v1/nation").json()["incidents"]
    assert west["open"] == {"distress": 0, "high": 1, "medium": 0, "low": 350}
    assert west["attention"] == 351
    assert west["oldest_unacknowledged_at"] == "2026-09-20T23:13:20Z"  # fifteen hours before NOW_NS, by hand
    assert len(events) == 300
    assert events[0]["incident"] == "oldest"


def test_a_sector_that_is_silent_states_since_when_and_nothing_of_the_present(sectors: Sectors, server: NationServer):
    sectors.show("west", incident("I1", 5), age_s=15.0)
    sectors.show("mid", incident("I2", 5), age_s=16.0)
    with server.client("w", {"*": "viewer"}) as client:
        found = rows(client)
    assert found["west"]["state"] == "current"
    silent = found["mid"]
    assert (silent["state"], silent["heard_at"]) == ("silent", "2026-09-21T14:13:04Z")
    assert silent["sensors"] is silent["coverage"] is silent["posture"] is None
    assert silent["open"]["high"] == 1  # what was open is not closed by silence
    assert found["east"]["state"] == "never"
    assert all(found["east"][name] is None for name in NOTHING if name != "behind")


def test_a_sector_whose_clock_is_ahead_is_current_only_while_its_pictures_follow_each_other(
    sectors: Sectors, server: NationServer
):
    with server.client("w", {"*": "viewer"}) as client:
        for _ in range(2):
            sectors.show("west", incident("I1", 5), age_s=-3600.0)
            assert rows(client)["west"]["state"] == "current"
            sectors.now_ns += 16 * S
        silent = rows(client)["west"]
        assert (silent["state"], silent["heard_at"]) == ("silent", "2026-09-21T14:13:36Z")  # 16 s after NOW_NS


def test_a_store_that_cannot_be_read_is_silent_and_the_others_go_on(sectors: Sectors, server: NationServer):
    sectors.show("west")
    (sectors.folder / "mid").mkdir()
    (sectors.folder / "mid" / "store.db").write_bytes(b"no database" * 1000)
    with server.client("w", {"*": "viewer"}) as client:
        found = rows(client)
    assert (found["west"]["state"], found["mid"]["state"]) == ("current", "silent")


def test_of_a_store_that_can_no_longer_be_read_fusion_is_not_called_up_to_date(sectors: Sectors):
    sectors.show("west")
    folder = sectors.folder / "west"
    watch = SectorWatch("west", folder, ReleasabilitySettings())
    try:
        watch.now = replace(watch.look(None, NOW_NS), behind=0)
        watch._reader.close()
        for one in folder.glob("store.db-*"):
            one.unlink()
        (folder / "store.db").write_bytes(b"no database" * 1000)
        now = watch.look(None, NOW_NS)
    finally:
        watch.close()
    assert (now.readable, now.behind) == (False, None)


@pytest.mark.parametrize("role", ROLES)
def test_a_person_sees_the_sectors_in_which_her_role_has_the_right(sectors: Sectors, server: NationServer, role: str):
    for name in NAMES:
        sectors.show(name, incident(f"I-{name}", 5))
    with server.client(f"of-{role}", {"mid": role}) as client:
        if role not in HOLDERS["picture"]:
            for path in ("/v1/nation", "/v1/nation/sectors", "/v1/nation/stream", "/sectors/mid"):
                assert client.get(path).status_code == 403
            return
        answer = client.get("/v1/nation").json()
        found = {row["sector"]: row for row in answer["sectors"]}
        assert found["mid"]["state"] == "current"
        for name in ("west", "east"):
            assert found[name]["state"] == "hidden"
            assert all(found[name][one] is None for one in (*NOTHING, "heard_at"))
        assert [one["incident"] for one in answer["incidents"]] == ["I-mid"]
        assert "I-west" not in client.get("/v1/nation").text
        assert client.get("/sectors/west").status_code == 403
        assert client.get("/sectors/south").status_code == 404


def test_without_a_login_nothing_is_answered_but_the_way_in(server: NationServer):
    for path in ("/v1/nation", "/v1/nation/sectors", "/v1/nation/stream", "/sectors/west", "/api/openapi.json"):
        assert httpx.get(server.address + path, timeout=PATIENT_S).status_code == 401, path
    answer = httpx.get(server.address + "/", timeout=PATIENT_S)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


def test_every_route_has_a_right_and_nothing_else_of_a_sectors_server_is_there(server: NationServer):
    for route in server.app.routes:
        if isinstance(route, Route) and route.path not in ("/v1/people",):
            for method in (route.methods or set()) - {"HEAD"}:
                address = route.path.replace("{sector}", "west").replace("{session}", "none")
                assert method in nation_rights(address), (method, route.path)
    with server.client("all", {"*": "supervisor"}) as client:
        for path in ("/api/tracks", "/api/stream", "/v1/incidents", "/plan.html", "/v1/people", "/v1/handover"):
            assert client.get(path).status_code == 404, path
        described = client.get("/api/openapi.json").json()["paths"]
    assert described["/v1/nation"]["get"]["tags"] == ["picture"]


def test_what_is_marked_is_neither_listed_nor_counted_for_whoever_may_not_have_it(
    sectors: Sectors, server: NationServer
):
    sectors.show("west", incident("I1", 5, "distress"), incident("I2", 9), markings=[("incident", "I1", "national")])
    with server.client("full", {"*": "viewer"}) as client:
        assert rows(client)["west"]["open"]["distress"] == 1
    with server.client("limited", {"*": "viewer"}, limit="") as client:
        west = rows(client)["west"]
        assert (west["open"]["distress"], west["open"]["high"], west["attention"]) == (0, 1, 1)
        assert west["coverage"] is west["posture"] is None  # they combine what is hidden
        assert [one["incident"] for one in client.get("/v1/nation").json()["incidents"]] == ["I2"]


def test_a_record_whose_marking_cannot_be_read_is_not_taken(
    sectors: Sectors, server: NationServer, monkeypatch: pytest.MonkeyPatch
):
    sectors.show("west", incident("I1", 5))
    watch = server.watch.watches["west"]
    with server.client("limited", {"*": "viewer"}, limit="") as client:
        assert [one["incident"] for one in client.get("/v1/nation").json()["incidents"]] == ["I1"]
        sectors.show("west", incident("I2", 1), markings=[("incident", "I2", "national")])

        def fails() -> bool:
            raise StoreError("store.db: cannot be read.")

        with monkeypatch.context() as broken:
            broken.setattr(watch.release.records, "refresh", fails)
            answer = client.get("/v1/nation").json()
            assert [one["incident"] for one in answer["incidents"]] == ["I1"]
            assert answer["sectors"][0]["state"] == "silent"
        answer = client.get("/v1/nation").json()
        assert [one["incident"] for one in answer["incidents"]] == ["I1"]
        assert answer["sectors"][0]["state"] == "current"


def test_the_event_that_went_on_into_a_sector_that_one_may_not_see_does_not_name_it(
    sectors: Sectors, server: NationServer
):
    sectors.show("west", incident("I1", 9, attention=False, state="acknowledged"))
    sectors.show("mid", incident("I2", 5))
    store = NationStore(sectors.folder)
    store.commit(continued=[Continued("mid", "I2", "west", "I1", "N1")])
    store.close()
    with server.client("all", {"*": "viewer"}) as client:
        [entry] = client.get("/v1/nation").json()["incidents"]
        assert (entry["sector"], entry["attention"]) == ("mid", False)
        assert entry["before"] == [{"sector": "west", "incident": "I1", "name": "Name I1"}]
    with server.client("mid", {"mid": "viewer"}) as client:
        [entry] = client.get("/v1/nation").json()["incidents"]
        assert (entry["before"], entry["attention"]) == ([], True)


JOINED = Continued("mid", "I2", "west", "I1", "N1")
SEPARATE = {"action": "separate", "sector": "mid", "incident": "I2"}
JOIN_OF_BOTH = {
    "sector": "mid", "incident": "I2", "name": "Name I2",
    "before_sector": "west", "before_incident": "I1", "before_name": "Name I1",
    "separated_by": None, "separated_at": None,
}  # fmt: skip


@pytest.fixture
def joined(sectors: Sectors) -> Sectors:
    """An event in two sectors, acknowledged in the first one."""
    sectors.show("west", incident("I1", 9, attention=False, state="acknowledged"))
    sectors.show("mid", incident("I2", 5))
    with NationStore(sectors.folder) as store:
        store.commit(continued=[JOINED])
    return sectors


def events(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The national list, by incident."""
    answer = client.get("/v1/nation")
    NationalPicture.model_validate(answer.json())
    return {one["incident"]: one for one in answer.json()["incidents"]}


def subjects(sectors: Sectors, name: str) -> list[tuple[str, str, str]]:
    """Who altered what, by the log of a sector."""
    found = each_entry(sectors.folder / name / FOLDER, EntryFilter())
    return [(one.person.split(" [")[0], one.role, one.subject) for one in found if one.operation == "alteration"]


def test_a_person_separates_what_was_joined_wrongly_and_each_asks_for_attention_as_its_sector_states(
    joined: Sectors, server: NationServer
):
    by_mary = JOIN_OF_BOTH | {"separated_by": "Mary", "separated_at": "2026-09-21T14:13:20Z"}
    with server.client("mary", {"*": "operator"}) as client, server.client("paul", {"*": "supervisor"}) as other:
        assert events(client)["I2"]["joins"] == [JOIN_OF_BOTH]
        assert events(client)["I2"]["attention"] is False
        for one in (client, other):  # the first statement remains
            assert one.post("/v1/nation/actions", json=SEPARATE).status_code == 204
            found = events(one)
            assert {name: (each["attention"], each["before"], each["joins"]) for name, each in found.items()} == {
                "I1": (False, [], [by_mary]), "I2": (True, [], [by_mary]),
            }  # fmt: skip
        with NationStore(joined.folder) as store:  # the identity process is started again, and finds it again
            store.commit(continued=[JOINED])
        with nation_server(joined, NAMES) as again, again.client("joan", {"*": "viewer"}) as viewer:
            assert {name: each["joins"] for name, each in events(viewer).items()} == {"I1": [by_mary], "I2": [by_mary]}
        assert other.post("/v1/nation/actions", json=SEPARATE | {"action": "rejoin"}).status_code == 204
        assert [(name, each["joins"]) for name, each in events(client).items()] == [("I2", [JOIN_OF_BOTH])]
    subject = "incident I2 (mid), I1 (west)"
    for name in ("west", "mid"):
        assert subjects(joined, name) == [
            ("Mary", "operator", f"{subject}: separate"),
            ("Paul", "supervisor", f"{subject}: separate"),
            ("Paul", "supervisor", f"{subject}: rejoin"),
        ]
    assert not (joined.folder / "east").exists()


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ({"*": "viewer"}, 403),
        ({"*": "admin"}, 403),
        ({"mid": "operator", "west": "viewer"}, 403),
        ({"west": "supervisor", "mid": "viewer"}, 403),
        ({"mid": "operator"}, 404),  # she does not see that it continues anything
        ({"mid": "operator", "west": "supervisor"}, 204),
    ],
)
def test_only_who_may_act_in_both_sectors_separates(
    joined: Sectors, server: NationServer, roles: dict[str, str], status: int
):
    with server.client("mary", roles) as client:
        assert client.post("/v1/nation/actions", json=SEPARATE).status_code == status
        acting = client.get("/v1/nation/sectors").json()["act"]
    assert acting == [name for name in NAMES if roles.get(name, roles.get("*")) in HOLDERS["act"]]
    with NationReader(joined.folder) as reader:
        assert [one.separated_by for one in reader.continued()] == ["Mary" if status == 204 else ""]
    assert [len(subjects(joined, name)) for name in ("west", "mid")] == [int(status == 204)] * 2


def test_an_action_on_what_is_hidden_or_unknown_or_on_nothing_is_refused(joined: Sectors, server: NationServer):
    joined.show("west", markings=[("incident", "I1", "national")])
    with server.client("limited", {"*": "supervisor"}, limit="") as client:
        assert client.post("/v1/nation/actions", json=SEPARATE).status_code == 404
    with server.client("mary", {"*": "supervisor"}) as client:
        for change, status in (
            ({"incident": "I1", "sector": "west"}, 404),  # which continues none
            ({"incident": "I9"}, 404),
            ({"action": "merge"}, 422),
            ({"before": "I1"}, 422),
        ):
            answer = client.post("/v1/nation/actions", json=SEPARATE | change)
            assert answer.status_code == status, answer.text
    with httpx.Client(base_url=server.address, timeout=PATIENT_S) as stranger:
        assert stranger.post("/v1/nation/actions", json=SEPARATE).status_code == 403
    with NationReader(joined.folder) as reader:
        assert reader.continued() == [JOINED]


def test_what_cannot_be_recorded_or_stored_is_not_done(
    joined: Sectors, server: NationServer, monkeypatch: pytest.MonkeyPatch
):
    with server.client("mary", {"*": "operator"}) as client:
        with monkeypatch.context() as broken:
            broken.setattr(AuditLog, "add", fails_with(OSError("no space")))
            answer = client.post("/v1/nation/actions", json=SEPARATE)
            assert answer.status_code == 503
            assert "The audit log of mid, west cannot be written" in answer.text
        with closing(sqlite3.connect(joined.folder / NATION)) as db:
            db.execute("PRAGMA user_version = 2")
        answer = client.post("/v1/nation/actions", json=SEPARATE)
        assert (answer.status_code, answer.json()["error"]) == (503, "The action could not be stored; try again.")
        with closing(sqlite3.connect(joined.folder / NATION)) as db:
            db.execute("PRAGMA user_version = 1")
        assert events(client)["I2"]["joins"] == [JOIN_OF_BOTH]


def fails_with(error: Exception) -> Callable[..., None]:
    def fails(*_: object) -> None:
        raise error

    return fails


def test_the_stream_sends_both_events_when_one_is_separated(joined: Sectors, server: NationServer):
    with server.client("mary", {"*": "operator"}) as client, stream(client) as sent:
        assert [one["incident"] for one in next(sent)[1]["incidents"]] == ["I2"]
        assert client.post("/v1/nation/actions", json=SEPARATE).status_code == 204
        assert sorted(one["incident"] for one in until_incidents(sent)) == ["I1", "I2"]


def test_the_most_urgent_stands_first_distress_before_all_that_wait_as_well(sectors: Sectors, server: NationServer):
    sectors.show("west", incident("I1", 50, "low"), incident("I2", 40, "high"))
    sectors.show("east", incident("I3", 1, "distress"), incident("I4", 60, "distress", attention=False))
    with server.client("all", {"*": "viewer"}) as client:
        found = client.get("/v1/nation").json()["incidents"]
    assert [one["incident"] for one in found] == ["I3", "I2", "I1", "I4"]
    assert [one["place"] for one in found] == sorted(one["place"] for one in found)


def test_the_worker_that_holds_a_sector_is_named(sectors: Sectors, server: NationServer):
    sectors.show("west")
    with LeaseBook(sectors.folder) as book:
        book.claim("west", "tls://127.0.0.1:4000")
    with server.client("all", {"*": "viewer"}) as client:
        found = rows(client)
    assert (found["west"]["worker"], found["mid"]["worker"]) == ("tls://127.0.0.1:4000", None)


def test_each_reader_is_in_the_log_of_each_sector_that_she_sees_and_of_no_other(sectors: Sectors, server: NationServer):
    for name in ("west", "mid"):
        sectors.show(name)
    with server.client("mary", {"mid": "operator"}) as client:
        client.get("/v1/nation", headers={"Purpose": "exercise north"})
    kept = {name: list(each_entry(sectors.folder / name / FOLDER, EntryFilter())) for name in ("west", "mid")}
    assert kept["west"] == []
    [entry] = kept["mid"]
    assert entry.person.startswith("Mary [")
    assert (entry.role, entry.purpose, entry.subject) == ("operator", "exercise north", "national picture")
    assert not (sectors.folder / "east").exists()  # nothing is made for a sector that never ran


def test_the_stream_sends_all_of_it_once_and_then_only_what_changes(sectors: Sectors, server: NationServer):
    for name in NAMES:
        sectors.show(name, incident(f"I-{name}", 5))
    with server.client("all", {"*": "viewer"}) as client, stream(client) as events:
        name, first = next(events)
        assert (name, len(first["sectors"]), len(first["incidents"])) == ("nation", 3, 3)
        for _ in range(20):  # pictures in which nothing changes but the time; the last one read is always current
            sectors.now_ns += S // 2
            for one in NAMES:
                sectors.show(one)
        sectors.show("mid", incident("I-mid", 5, state="closed", revision=1), working=2, lost=2)
        rows, gone, sent = [], [], 0
        while gone == []:  # sensors and incidents are read one after the other, and may so be in two events
            name, body = next(events)
            if name == "beat":
                continue
            assert (name, body["incidents"]) == ("changes", [])
            rows, gone, sent = rows + body["sectors"], body["gone"], sent + 1
        assert {row["sector"] for row in rows} == {"mid"}
        assert rows[-1]["sensors"] == {"working": 2, "others": 2}
        assert rows[-1]["open"]["high"] == 0
        assert gone == [["mid", "I-mid"]]
        assert sent <= 2


def test_a_sector_that_runs_for_the_first_time_has_an_audit_log_from_its_first_reader_on(
    sectors: Sectors, server: NationServer
):
    sectors.show("west", log=False)  # as the workers of a cluster leave it: no operations centre has begun a log
    with server.client("mary", {"*": "viewer"}) as client:
        assert client.get("/v1/nation", headers={"Purpose": "exercise north"}).status_code == 200
        [entry] = each_entry(sectors.folder / "west" / FOLDER, EntryFilter())
        assert (entry.subject, entry.purpose) == ("national picture", "exercise north")
        with stream(client) as events:
            assert next(events)[0] == "nation"
            sectors.show("mid", incident("I2", 5), log=False)
            assert [one["incident"] for one in until_incidents(events)] == ["I2"]
            [entry] = each_entry(sectors.folder / "mid" / FOLDER, EntryFilter())
            assert entry.subject == "stream of the national picture: opened"


def test_a_sector_whose_log_cannot_be_written_is_not_shown_and_the_others_are(sectors: Sectors, server: NationServer):
    for name in ("west", "mid"):
        sectors.show(name, incident(f"I-{name}", 5), log=name != "mid")
    (sectors.folder / "mid" / FOLDER).write_text("in the place of the folder of the log")
    with server.client("mary", {"*": "viewer"}) as client:
        answer = client.get("/v1/nation")
        found = {row["sector"]: row for row in answer.json()["sectors"]}
        assert (answer.status_code, found["west"]["state"], found["mid"]["state"]) == (200, "current", "silent")
        assert all(found["mid"][one] is None for one in (*NOTHING, "heard_at"))
        assert "I-mid" not in answer.text
        with stream(client) as events:
            assert [one["incident"] for one in next(events)[1]["incidents"]] == ["I-west"]
            (sectors.folder / "mid" / FOLDER).unlink()
            assert [one["incident"] for one in until_incidents(events)] == ["I-mid"]
    assert [one.subject for one in each_entry(sectors.folder / "mid" / FOLDER, EntryFilter())][:1] == [
        "stream of the national picture: opened"
    ]


def test_what_cannot_be_understood_of_one_sector_leaves_the_others_and_the_stream(
    sectors: Sectors, server: NationServer
):
    sectors.show("west")
    with server.client("all", {"*": "viewer"}) as client, stream(client) as events:
        assert next(events)[0] == "nation"
        sectors.show("east")
        store = sectors.stores["east"]
        store.commit(store.cursor + 1, stamp_ns=NOW_NS, tracks_live=b"[]", sensors=[{"sensor": "S1"}])
        sectors.show("mid", incident("I2", 5))
        assert [one["incident"] for one in until_incidents(events)] == ["I2"]
        assert {name: row["state"] for name, row in rows(client).items()} == {
            "west": "current", "mid": "current", "east": "silent",
        }  # fmt: skip


def test_a_look_that_fails_or_does_not_end_leaves_no_sector_current(
    sectors: Sectors, server: NationServer, monkeypatch: pytest.MonkeyPatch
):
    sectors.show("west")
    going_on, begun, failed = threading.Event(), threading.Event(), threading.Event()

    def fails() -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("in place of a defect")
        begun.set()
        going_on.wait(PATIENT_S)

    with server.client("all", {"*": "viewer"}) as client, stream(client) as events, ExitStack() as ended:
        assert next(events)[1]["sectors"][0]["state"] == "current"
        ended.callback(going_on.set)
        monkeypatch.setattr(server.watch, "look", fails)
        assert begun.wait(PATIENT_S)  # it is tried again
        sectors.now_ns = NOW_NS + 16 * S
        changed = (row for name, body in events if name == "changes" for row in body["sectors"])
        assert next(changed)["state"] == "silent"


def test_a_stream_ends_when_the_login_ends_or_its_roles_change(sectors: Sectors, server: NationServer):
    sectors.show("west")
    with server.client("left", {"west": "viewer"}) as client, stream(client) as events:
        assert next(events)[0] == "nation"
        account = server.accounts.store.account("left")
        assert account is not None
        server.accounts.set_roles(account, {"mid": "viewer"})
        assert all(name in ("beat", "changes") for name, _ in events)  # and comes to an end


def test_the_next_to_last_sector_of_a_clock_that_goes_on_falls_silent_without_a_message(
    sectors: Sectors, server: NationServer
):
    sectors.show("west")
    with server.client("all", {"*": "viewer"}) as client, stream(client) as events:
        assert next(events)[1]["sectors"][0]["state"] == "current"
        sectors.now_ns = NOW_NS + 16 * S
        for name, body in events:
            if name == "changes":
                [row] = body["sectors"]
                assert (row["sector"], row["state"]) == ("west", "silent")
                break


def test_the_lag_that_counts_messages_of_hidden_sensors_is_not_stated(tmp_path: Path):
    release = Release(tmp_path / "store.db", ReleasabilitySettings(levels=("national",), sensors={"S1": "national"}))
    now = SectorNow(stamp_ns=NOW_NS, behind=4000)
    stated = [row_of("west", now, [], release.view_of(limit), NOW_NS)["behind"] for limit in ("*", "")]
    release.close()
    assert stated == [4000, None]
