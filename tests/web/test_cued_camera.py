"""From the alert of a radar to the assessed still, with nothing pressed but the assessment: the rule turns the camera.

The desk, the SAPIENT messages in both directions, the reference and the page are the real ones; between the gateway
and the camera there is no network, and the still is stored by hand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.incidents.book import IncidentBook
from ops.incidents.incident import NamedTrack
from ops.incidents.settings import IncidentSettings
from ops.journal.reader import JournalRow
from ops.room.turning_camera.messages import SimulatedNode
from ops.room.turning_camera.still import ShownStill
from ops.sector.setting_tables.cue import CueSettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.cue.desk import CueDesk
from ops.services.cue.drivers import SapientDriver
from ops.services.fusion.desks.incidents import _action_of
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.media.book import PictureBook, StoredFile
from ops.services.media.vault import Vault
from ops.services.media.worker import references
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.gateway import Gateway
from ops.services.sapient.node_link import LinkContext
from ops.store.incidents import IncidentReader
from ops.store.rows import rfc3339
from sensors.cueing import Sight
from sensors.layout import Layout, place
from sensors.timestamps import utc_datetime
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.ops.services.media.making import picture_file
from tests.ops.services.sapient.test_node_link import Ear
from tests.patience import PATIENT_S
from tests.web.test_login import PASSWORD, SCREENS
from tests.web.test_markings import Fusion, enter, select_incident  # noqa: F401 - fixture enter

CAMERA, OWN = "ptz-1", "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e21"
STILL = picture_file(size=(320, 240), shade=20)


class CuedFusion(Fusion):
    """One incident, to which the life cycle applies actions as in fusion, from any thread."""

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        super().__init__(folder)
        made = incident(
            id="I1", priority="high", lead=self.lead.id, alerts=(self.lead.id,), name="Bravo 17",
            tracks=(NamedTrack("T1", "Cedar 4"),), easting=0.0, northing=900.0,
        )  # fmt: skip
        self.book = IncidentBook(incidents={"I1": made})
        # a target of long ago would be looked at no more
        now = alert_dict(self.lead, FRAME) | {"observed_at": rfc3339(time.time_ns()), "revision": 1}
        self.commit(incident_revisions=[self.body() | {"revision": 1}], alerts=[now])

    def body(self) -> dict[str, Any]:
        return incident_dict(self.book.incidents["I1"], FRAME, section="West")

    def send_reply(self, reply: Any) -> tuple[int, int]:
        with self.lock:
            self.replies.append(reply)
            outcome, _ = self.book.act("I1", _action_of(reply), time.time_ns(), IncidentSettings())
            assert outcome is not None
            body = self.body()
            self.commit(
                incident_revisions=[body | {"revision": body["revision"] + 1}], outcomes=[outcome_dict(outcome)]
            )
        return 1, len(self.replies)


class Radio:
    """The gateway and the camera on one side each of a wire that loses nothing."""

    def __init__(self, folder: Path, memory: SapientMemory) -> None:
        self.folder, self.memory, self.ear = folder, memory, Ear()
        sensor = place(
            FRAME, 0.0, 0.0, id=CAMERA, kind="camera", max_range_m=4000.0, azimuth_sd_deg=0.1, mobile=True,
            field_of_view_deg=10.0,
        )  # fmt: skip
        self.node = SimulatedNode(CAMERA, sensor.lon, sensor.lat, 10.0)
        (folder / "adapters.json").write_text(f'{{"sapient": {{"{self.node.node_id}": "{CAMERA}"}}}}')
        nobody: Any = lambda _: (Identity(), 0.0)  # noqa: E731
        links = LinkContext("hills", BrokerUrl("127.0.0.1", 9), folder, time.time_ns, memory, nobody)
        self.gateway = Gateway(Layout("one", FRAME, (sensor,)), links, "own")
        self.gateway._later = lambda *_: None  # type: ignore[assignment,misc]
        self.gateway.peers.add(self.ear)  # type: ignore[arg-type]
        self.say(self.node.registration())
        self.layout = {"features": [{
            "geometry": {"type": "Point", "coordinates": [sensor.lon, sensor.lat]},
            "properties": {"id": CAMERA, "max_range_m": 4000.0, "field_of_view_deg": 360.0},
        }]}  # fmt: skip

    def say(self, message: Any) -> None:
        message.timestamp.FromNanoseconds(time.time_ns())
        self.gateway.handle(self.ear, message.SerializeToString())  # type: ignore[arg-type]
        assert not [one for one in self.ear.told if one.WhichOneof("content") == "error"]

    def journaled(self) -> JournalRow:
        """The scan that the gateway would send, as a row of the journal."""
        link = self.gateway.node_links[self.node.node_id]
        look = link.due(float("inf"))
        assert look is not None
        payload, now_ns = link._builder(look, 1)(5, 1), time.time_ns()
        return JournalRow(1, "detections", CAMERA, 5, 1, now_ns, now_ns, None, "application/json", payload, True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        fusion = CuedFusion(tmp_path)
        stack.callback(fusion.store.close)
        radio = Radio(tmp_path, stack.enter_context(SapientMemory(tmp_path)))
        accounts = Accounts(AccountStore(tmp_path / "accounts.db"))
        stack.callback(accounts.store.close)
        person = accounts.add("operator", "operator", {"*": "operator"})
        entered = accounts.log_in("operator", person, LoginOrigin("test"))
        accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
        reader = IncidentReader(fusion.store.path)
        stack.callback(reader.close)
        settings = CueSettings(cameras=(CAMERA,), automatic=("high",), answer_s=86_400.0)
        desk = CueDesk(
            settings, radio.layout, reader, SapientDriver(tmp_path), fusion,
            now_ns=time.time_ns, current_s=10**6, sight=lambda *_: Sight(-2.4, True),
        )  # fmt: skip
        app = create_app(
            fusion.store.path, ApiSettings("hills", guard=GuardSettings(bearer=True)), act=lambda _: None,
            actions=fusion, now_ns=time.time_ns, accounts=accounts, cue=desk,
        )  # fmt: skip
        port = stack.enter_context(serving(app))
        stop = threading.Event()
        turning = threading.Thread(target=desk.run, args=(stop,), daemon=True)
        stack.callback(lambda: turning.ident is None or turning.join())  # before what it reads is closed
        stack.callback(stop.set)
        yield (fusion, radio, turning), f"http://127.0.0.1:{port}"


def until(found: Callable[[], Any]) -> Any:
    began_s = time.monotonic()
    while not (answer := found()):
        assert time.monotonic() - began_s < PATIENT_S
        time.sleep(0.02)
    return answer


def test_an_alert_turns_the_camera_and_its_still_is_assessed_by_one_key(
    room: Any,
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    (fusion, radio, turning), _ = room
    page = enter("operator")
    part = page.get_by_test_id
    select_incident(page)
    turning.start()  # the rule asks, and the gateway has a task for the camera
    (task,) = until(lambda: radio.memory.tasks(unsent=True))
    expect(part("look-states").locator("li")).to_contain_text("requested (automatic")
    radio.memory.task_sent(task.task_id, time.time_ns())
    expect(part("look-states").locator("li")).to_contain_text("sent (automatic")
    for state, shown in (("ACCEPTED", "accepted"), ("COMPLETED", "done")):
        if state == "COMPLETED":
            azimuth = fusion.replies[0].look.azimuth_deg
            seen = ShownStill("a.jpg", azimuth, -2.4, 0.1, {"person": 0.75, "animal": 0.25})
            radio.say(radio.node.detection(task.task_id, task.task_id, seen, task=task.task_id, still="drop:a.jpg"))
        radio.say(radio.node.answer(OWN, task.task_id, state))
        expect(part("look-states").locator("li")).to_contain_text(f"elevation −2°: {shown} (automatic")
    expect(part("picture")).to_be_hidden()
    book = PictureBook(radio.folder)
    book.take(references(radio.journaled()), 1, time.time_ns())
    (one,) = book.due(time.time_ns(), 9)
    assert (one.sensor, one.uri, one.reported) == (CAMERA, "drop:a.jpg", "person")
    name = Vault(radio.folder).put(STILL, one.observed_ns)
    book.stored(one.id, StoredFile(name, len(STILL), 320, 240))
    book.close()
    expect(part("picture")).to_have_js_property("naturalWidth", 320)  # asked for again within seconds
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / "cued-camera.png")
    page.keyboard.press("1")
    expect(part("assess-person")).to_have_attribute("aria-pressed", "true")
    looks = [(reply.look.state, reply.by) for reply in fusion.replies if reply.look]
    assert looks == [(state, "automatic") for state in ("requested", "sent", "accepted", "done")]
    (assessed,) = (reply.assessment for reply in fusion.replies if reply.assessment)
    assert (assessed.sensor, assessed.shown, assessed.reported) == (CAMERA, "person", "person")
    assert fusion.replies[0].look.elevation_deg == -2.4
    assert utc_datetime(one.observed_ns) >= fusion.replies[0].observed_at
