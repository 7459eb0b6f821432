"""Pictures over the API: of one's incident only, sharp for those who act, and assessed with the camera's report."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.incidents.incident import NamedTrack
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.media.book import PictureBook, StoredFile
from ops.services.media.vault import Vault
from ops.store.writer import Store
from sensors.cueing import LookOption
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import START_NS, alert, incident
from tests.ops.services.media.making import AT_NS, picture_file, reference
from tests.patience import PATIENT_S

ROLES = ("viewer", "operator", "supervisor", "analyst", "planner")
DATA, OTHER, LATER = picture_file(shade=20), picture_file(shade=60), picture_file(shade=100)


class Room:
    """A server with two incidents, pictures of both, and a person of each role."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.replies = folder, list[Any]()
        store = Store(folder / "store.db")
        lead, other = alert("crossing", "T1"), alert("crossing", "T2")
        mine = incident(id="I1", lead=lead.id, alerts=(lead.id,), tracks=(NamedTrack("T1", "Cedar 4"),))
        theirs = incident(
            id="I2", lead=other.id, alerts=(other.id,), tracks=(NamedTrack("T2", "Owl 1"),), name="Echo 2"
        )
        bodies = [alert_dict(lead, FRAME) | {"evidence": [["cam-1", 1, 3]]}, alert_dict(other, FRAME)]
        store.commit(
            1, stamp_ns=START_NS, tracks_live=[], bearings=[], sensors=[], counts={}, alerts=bodies,
            incident_revisions=[incident_dict(one, FRAME) for one in (mine, theirs)],
        )  # fmt: skip
        store.close()
        self._fill()
        self.accounts = Accounts(AccountStore(folder / "accounts.db"))
        for role in ROLES:
            self.accounts.add(role, role, {"*": role})  # type: ignore[dict-item]
            self.accounts.store.change(self.accounts.store.account(role).id, must_set_password=0)
        self.log = AuditLog(folder / "audit")
        actions: Any = self
        desk: Any = Desk()
        self.app = create_app(
            folder / "store.db", ApiSettings("hills", guard=GuardSettings(bearer=True), pages=folder / "none"),
            act=lambda _: None, now_ns=lambda: START_NS, access_log=self.log, accounts=self.accounts, actions=actions,
            cue=desk,
        )  # fmt: skip

    def _fill(self) -> None:
        book, vault = PictureBook(self.folder), Vault(self.folder)
        book.take([reference(DATA, 1), reference(OTHER, 2), reference(LATER, 3), reference(DATA, 4)], 4, AT_NS)
        book.link([("T1", ("cam-1", 1, 1)), ("T2", ("cam-1", 1, 2)), ("T1", ("cam-1", 1, 4))])
        for one in book.due(AT_NS + 10**12, 9):
            if one.seq == 4:
                book.dead(one.id, "network")
                continue
            vault.put({1: DATA, 2: OTHER, 3: LATER}[one.seq], one.observed_ns)
            book.stored(one.id, StoredFile(one.sha256, one.size, 64, 48))
        book.close()

    def send_reply(self, reply: Any) -> tuple[int, int]:
        self.replies.append(reply)
        return 1, len(self.replies)

    def journaled(self, _: Any) -> bool:
        return False


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr("ops.services.api.incidents.routes.JOURNAL_WAIT_S", 0.0)
    made = Room(tmp_path)
    yield made
    made.log.close()
    made.accounts.store.close()


@pytest.fixture
def ask(room: Room) -> Iterator[Callable[[str], httpx.Client]]:
    """A client for a role."""
    clients = []
    with serving(room.app) as port:

        def client(role: str) -> httpx.Client:
            token = room.accounts.token(room.accounts.store.account(role), "test", 1)
            made = httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENT_S
            )
            clients.append(made)
            return made

        yield client
        for one in clients:
            one.close()


def contrast(answer: httpx.Response) -> float:
    """Standard deviation of the grey values in the middle of a picture, where its object is."""
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as picture:
        values = np.asarray(picture.convert("L"), float)
    return float(values[14:34, 18:46].std())


def test_an_incident_lists_the_pictures_of_its_tracks_and_evidence_newest_first(
    ask: Callable[[str], httpx.Client],
) -> None:
    found = ask("operator").get("/v1/incidents/I1/pictures").json()["pictures"]
    assert [(one["id"], one["state"], one["problem"]) for one in found] == [
        (4, "dead", "network"), (3, "stored", ""), (1, "stored", "")
    ]  # fmt: skip
    assert found[0]["sentence"] == "Not fetched: the address is outside the allowed networks."
    assert (found[1]["sensor"], found[1]["azimuth_deg"], found[1]["reported"], found[1]["sharp"]) == (
        "cam-1", 12.5, "person", True
    )  # fmt: skip
    assert ask("planner").get("/v1/incidents/I1/pictures").status_code == 403


def test_the_object_is_sharp_for_people_who_act_and_blurred_for_all_others(
    ask: Callable[[str], httpx.Client],
) -> None:
    for role in ("operator", "supervisor"):
        answer = ask(role).get("/v1/incidents/I1/pictures/1")
        assert answer.content == DATA
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    sharp = contrast(ask("operator").get("/v1/incidents/I1/pictures/1"))
    for role in ("viewer", "analyst"):
        assert contrast(ask(role).get("/v1/incidents/I1/pictures/1")) < 0.75 * sharp
        assert ask(role).get("/v1/incidents/I1/pictures/1").content != DATA
    assert ask("planner").get("/v1/incidents/I1/pictures/1").status_code == 403


@pytest.mark.parametrize("path", ["I1/pictures/2", "I1/pictures/4", "I1/pictures/99", "I9/pictures/1", "I9/pictures"])
def test_pictures_of_other_incidents_and_without_a_file_do_not_exist(
    path: str, ask: Callable[[str], httpx.Client]
) -> None:
    assert ask("operator").get(f"/v1/incidents/{path}").status_code == 404


def test_every_picture_that_is_shown_is_in_the_audit_log(room: Room, ask: Callable[[str], httpx.Client]) -> None:
    ask("operator").get("/v1/incidents/I1/pictures/1")
    ask("viewer").get("/v1/incidents/I1/pictures/3")
    text = " ".join(path.read_text(errors="replace") for path in (room.folder / "audit").rglob("*") if path.is_file())
    assert "picture 1 of incident I1" in text
    assert "picture 3 of incident I1, blurred" in text


def test_an_assessment_goes_to_the_journal_with_the_camera_and_its_report(
    room: Room, ask: Callable[[str], httpx.Client]
) -> None:
    def assess(role: str, picture: str, **more: Any) -> httpx.Response:
        body = {"id": f"act-{len(room.replies)}-{role}", "action": "assess", "expected_revision": 0}
        stated = {"assessment": {"picture": picture, "shown": "animal"} | more}
        return ask(role).post("/v1/incidents/I1/actions", json=body | stated)

    assert assess("operator", reference(DATA).sha256).status_code == 202
    (reply,) = room.replies
    assert (reply.action, reply.incident, reply.by) == ("assess", "I1", "operator")
    stated = reply.assessment
    assert (stated.picture, stated.sensor, stated.reported, stated.shown, stated.track) == (
        reference(DATA).sha256, "cam-1", "person", "animal", "T1"
    )  # fmt: skip
    assert assess("operator", reference(OTHER).sha256).status_code == 422  # of another incident
    assert assess("operator", "0" * 64).status_code == 422
    assert assess("operator", reference(DATA).sha256, shown="hostile").status_code == 422
    assert assess("viewer", reference(DATA).sha256).status_code == 403
    assert len(room.replies) == 1


def test_an_assessment_names_a_track_only_if_the_picture_shows_that_one_alone(
    room: Room, ask: Callable[[str], httpx.Client]
) -> None:
    book = PictureBook(room.folder)
    book.link([("T3", ("cam-1", 1, 1))])
    book.close()
    for name, data in (("both", DATA), ("none", LATER)):
        body = {"id": f"act-{name}", "action": "assess", "expected_revision": 0}
        stated = {"assessment": {"picture": reference(data).sha256, "shown": "person"}}
        assert ask("operator").post("/v1/incidents/I1/actions", json=body | stated).status_code == 202
    client_states = {"picture": reference(DATA).sha256, "shown": "person", "track": "T2"}
    body = {"id": "act-track", "action": "assess", "expected_revision": 0, "assessment": client_states}
    assert ask("operator").post("/v1/incidents/I1/actions", json=body).status_code == 422
    assert [reply.assessment.track for reply in room.replies] == ["", ""]


def test_a_changed_file_is_not_shown(room: Room, ask: Callable[[str], httpx.Client]) -> None:
    Vault(room.folder).path(reference(DATA).sha256, AT_NS + 10**9).write_bytes(OTHER)
    answer = ask("operator").get("/v1/incidents/I1/pictures/1")
    assert answer.status_code == 503
    assert str(room.folder) not in answer.text


def test_a_server_without_pictures_lists_none(tmp_path: Path, ask: Callable[[str], httpx.Client], room: Room) -> None:
    for path in tmp_path.glob("media.db*"):
        path.unlink()
    assert ask("operator").get("/v1/incidents/I1/pictures").json() == {"pictures": []}
    assert ask("operator").get("/v1/assessments").status_code == 200


class Desk:
    """Two cameras that can look, in place of the desk of cueing."""

    def options(self, _: Any) -> list[LookOption]:
        return [
            LookOption(name, 90.0, slew_s, 800.0, 12.0, 50.0, None) for name, slew_s in (("cam-2", 4.0), ("cam-1", 9.0))
        ]


def test_a_look_goes_to_the_journal_with_the_camera_that_the_server_chose(
    room: Room, ask: Callable[[str], httpx.Client]
) -> None:
    def look(role: str, **chosen: str) -> httpx.Response:
        body = {"id": f"look-{len(room.replies)}-{role}", "action": "look", "expected_revision": 0, "look": chosen}
        return ask(role).post("/v1/incidents/I1/actions", json=body)

    options = ask("operator").get("/v1/incidents/I1/looks").json()["options"]
    assert [(one["camera"], one["slew_s"], one["in_view"]) for one in options] == [
        ("cam-2", 4.0, None),
        ("cam-1", 9.0, None),
    ]
    assert look("operator").status_code == 202
    assert look("operator", camera="cam-1").status_code == 202
    assert [(reply.look.camera, reply.look.state, reply.by) for reply in room.replies] == [
        ("cam-2", "requested", "operator"), ("cam-1", "requested", "operator")
    ]  # fmt: skip
    assert look("operator", camera="cam-9").status_code == 422
    assert look("operator", azimuth_deg="12").status_code == 422
    for role in ("viewer", "analyst", "planner"):
        assert look(role).status_code == 403
        assert ask(role).get("/v1/incidents/I1/looks").status_code == 403
    assert len(room.replies) == 2
