"""ONVIF against a simulated camera over real HTTP: a look from start to still, and everything that stops it."""

from __future__ import annotations

import logging
import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("zeep")

from ops.runtime.processes.reserved_port import ReservedPort
from ops.sector.setting_tables.cue import CueSettings
from ops.sector.setting_tables.media import MediaSettings
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.services.api.serving.tls import own_certificate
from ops.services.cue.drivers import CannotLook, Direction, LookOutcome
from ops.services.cue.onvif.client import HeadState, Login
from ops.services.cue.onvif.driver import OnvifDriver, login_of
from ops.services.cue.onvif.session import CameraFault, digest_terms
from tests.ops.services.cue.onvif.device import PASSWORD, USER, Device, simulated
from tests.ops.services.media.making import AT_NS, picture_file
from tests.patience import PATIENT_S

EAST = Direction(90.0, -9.0)
LOOK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Room:
    """A camera, and drivers for it with other settings."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.device = Device(picture_file())
        self.port = stack.enter_context(simulated(self.device))
        (folder / "drop").mkdir()
        self.secret = folder / "cam-3.secret"
        self.secret.write_text(f"{USER}\n{PASSWORD}\n")
        self.secret.chmod(0o600)
        self.camera = OnvifCamera(f"http://127.0.0.1:{self.port}", credentials=str(self.secret), call_s=60.0)
        self.media = MediaSettings(networks=("127.0.0.0/8",), drop=str(folder / "drop"))

    def driver(self, *, answer_s: float = 3600.0, **camera: Any) -> OnvifDriver:
        settings = CueSettings(
            cameras=("cam-3",), answer_s=answer_s, onvif={"cam-3": replace(self.camera, **camera)}
        )  # fmt: skip
        driver = OnvifDriver(settings, self.media, now_ns=lambda: AT_NS, wait_s=0.01)
        self._stack.callback(driver.close)
        return driver


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(tmp_path, stack)


def ended(driver: OnvifDriver, look: str = LOOK) -> LookOutcome:
    return reached(driver, lambda state: state in ("done", "failed"), look)


def reached(driver: OnvifDriver, wanted: Callable[[str], bool], look: str = LOOK) -> LookOutcome:
    began_s = time.monotonic()
    while (found := driver.outcome(look)) is None or not wanted(found.state):
        assert time.monotonic() - began_s < PATIENT_S
        time.sleep(0.01)
    return found


def test_a_look_turns_the_head_waits_until_it_stands_and_takes_a_still(room: Room) -> None:
    room.device.steps = 4
    driver = room.driver()
    assert driver.reaches("cam-3")
    assert not driver.reaches("cam-4")
    driver.start(LOOK, "cam-3", EAST, 0)
    outcome = ended(driver)
    assert (outcome.state, outcome.code) == ("done", "")
    assert room.device.there == pytest.approx((0.5, -0.1))
    assert room.device.asked.count("GetStatus") == 4
    assert outcome.still is not None
    still = outcome.still
    assert (still.sha256, still.size) == (sha256(room.device.still).hexdigest(), len(room.device.still))
    assert (room.folder / "drop" / still.uri.removeprefix("drop:")).read_bytes() == room.device.still
    assert sorted(one.name for one in (room.folder / "drop").iterdir()) == [still.uri.removeprefix("drop:")]


def test_a_look_is_started_once_and_its_password_is_nowhere(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        driver = room.driver()
        for _ in range(3):
            driver.start(LOOK, "cam-3", EAST, 0)
        ended(driver)
    assert room.device.asked.count("AbsoluteMove") == 1
    assert all(PASSWORD.encode() not in body for body in room.device.bodies)
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr(Login(USER, PASSWORD))


@pytest.mark.parametrize(
    ("others_first", "others_then"),
    [
        (['Basic realm="camera"'], []),
        ([], ['Basic realm="camera", charset="UTF-8"']),
        ([], ['Digest realm="camera", nonce="n2", qop="auth", algorithm=SHA-512-256']),
    ],
)
def test_a_camera_that_offers_other_ways_too_gets_a_digest(
    room: Room, others_first: list[str], others_then: list[str]
) -> None:
    """RFC 9110, 11.6.1: a server may offer several challenges, in any order."""
    room.device.challenges = [*others_first, *room.device.challenges, *others_then]
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver).still is not None


@pytest.mark.parametrize(
    ("header", "terms"),
    [
        ('Digest realm="a, Model x=1", nonce="n"', 'realm="a, Model x=1", nonce="n"'),
        ('Basic realm="b", digest realm="a", nonce="n"', 'realm="a", nonce="n"'),
        ('Negotiate, Digest realm="a" , qop = "auth", Digest realm="c"', 'realm="a", qop = "auth"'),
        ('Basic realm="Digest x=1"', ""),
        ("", ""),
        ('Digest realm="a"' + 60_000 * " " + "x", 'realm="a"'),
    ],
)
def test_the_first_digest_among_the_challenges_of_a_camera_is_read(header: str, terms: str) -> None:
    assert digest_terms(header) == terms


@pytest.mark.parametrize("hours", [-30, 5])
def test_a_camera_whose_clock_is_wrong_accepts_the_password_by_its_own_clock(room: Room, hours: int) -> None:
    room.device.ahead = timedelta(hours=hours)
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver).state == "done"


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ({"AbsoluteMove": "InvalidPosition"}, "by_camera"),
        ({"AbsoluteMove": "NotAuthorized"}, "credentials"),
        ({"GetProfiles": "html"}, "by_camera"),
        ({"GetCapabilities": "302"}, "by_camera"),
        ({"GetStatus": "NoStatus"}, "by_camera"),
    ],
)
def test_a_camera_that_refuses_ends_the_look_with_the_reason(room: Room, faults: dict[str, str], code: str) -> None:
    room.device.faults = faults
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", code)


def test_a_wrong_password_is_named(room: Room) -> None:
    room.secret.write_text(f"{USER}\nguess\n")
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "credentials")
    assert "AbsoluteMove" not in room.device.asked


def test_a_camera_that_never_answers_fails_and_holds_up_no_other_look(room: Room) -> None:
    room.device.faults = {"GetCapabilities": "hang"}
    driver = room.driver(call_s=0.2)
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "no_answer")


@pytest.mark.parametrize("fault", ["drip", "drip body"])
def test_a_camera_that_answers_byte_by_byte_is_cut_off(room: Room, fault: str) -> None:
    """Each byte came in time: such a camera kept a thread for hours, and eight looks at it kept all of them."""
    room.device.faults = {"GetCapabilities": fault}
    driver = room.driver(call_s=0.5)
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "no_answer")


def test_a_head_that_states_no_number_has_not_arrived(room: Room) -> None:
    answer = room.device.answer
    room.device.answer = lambda *asked: re.sub(r' y="[^"]*"', ' y="NaN"', answer(*asked))  # type: ignore[method-assign]
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "by_camera")


def test_a_head_that_never_arrives_fails(room: Room) -> None:
    room.device.steps = 10**9
    driver = room.driver(answer_s=1.0)
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "not_there")


def test_a_head_that_stands_elsewhere_has_not_arrived_whatever_it_says(room: Room) -> None:
    room.device.steps, room.device.says_moving = 10**9, False
    driver = room.driver(answer_s=1.0)
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "not_there")


def test_a_newer_look_replaces_the_one_under_way(room: Room) -> None:
    room.device.steps = 10**9
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    reached(driver, lambda state: state == "accepted")
    room.device.steps = 1
    other = LOOK[:-1] + "W"
    driver.start(other, "cam-3", Direction(180.0, 0.0), 0)
    assert ended(driver)[:2] == ("failed", "not_there")
    assert ended(driver, other).state == "done"


class Head:
    """A head that stands at once where it is turned to."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def open(self) -> None: ...

    def profile(self, _: str) -> str:
        return "p"

    def move(self, _: str, pan: float, tilt: float) -> None:
        self.at = pan, tilt

    def state(self, _: str) -> HeadState:
        return HeadState(*self.at, moves=False)

    def snapshot(self, _: str, *, most: int) -> bytes:
        return picture_file()


def test_an_older_look_whose_first_call_is_answered_late_moves_no_head(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The camera stays where the newest look has turned it."""
    moves, answer, asked = list[float](), threading.Event(), list[str]()

    class Late(Head):
        def open(self) -> None:
            asked.append("open")
            if len(asked) == 1:
                answer.wait()

        def move(self, profile: str, pan: float, tilt: float) -> None:
            moves.append(pan)
            super().move(profile, pan, tilt)

    monkeypatch.setattr("ops.services.cue.onvif.driver.OnvifClient", Late)
    driver, other = room.driver(), LOOK[:-1] + "W"
    try:
        driver.start(LOOK, "cam-3", EAST, 0)
        while not asked:
            time.sleep(0.01)
        driver.start(other, "cam-3", Direction(180.0, 0.0), 0)
        assert ended(driver, other).state == "done"
    finally:
        answer.set()
    assert ended(driver)[:2] == ("failed", "not_there")
    assert len(moves) == 1


def test_a_still_that_is_taken_while_a_newer_look_turns_the_camera_is_not_that_of_the_older(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    stills, other = list[str](), LOOK[:-1] + "W"

    class Overtaken(Head):
        def snapshot(self, profile: str, *, most: int) -> bytes:
            stills.append(profile)
            if len(stills) == 1:
                driver.start(other, "cam-3", Direction(180.0, 0.0), 0)
                ended(driver, other)
            return super().snapshot(profile, most=most)

    monkeypatch.setattr("ops.services.cue.onvif.driver.OnvifClient", Overtaken)
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver) == LookOutcome("failed", "not_there")
    newer = ended(driver, other)
    assert newer.state == "done"
    assert newer.still is not None


def test_a_look_that_is_withdrawn_stays_failed(room: Room) -> None:
    room.device.steps = 10**9
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    reached(driver, lambda state: state == "accepted")
    driver.withdraw(LOOK)
    assert ended(driver)[:2] == ("failed", "no_answer")


def test_nothing_is_called_outside_the_allowed_networks_and_addresses_of_the_camera_lead_nowhere_else(
    room: Room,
) -> None:
    room.media = replace(room.media, networks=("10.0.0.0/8",))
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver)[:2] == ("failed", "unreachable")
    assert room.device.asked == []
    room.media = replace(room.media, networks=("127.0.0.1/32",))
    room.device.elsewhere = "http://192.0.2.7:9"  # a forbidden network: RFC 5737, nothing is there
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver).state == "done"
    assert room.device.asked[-1] == "GET /snapshot?profile=turns"


def test_a_closed_port_is_unreachable(room: Room) -> None:
    port = ReservedPort()
    try:
        driver = room.driver(address=f"http://127.0.0.1:{port.number}")
        driver.start(LOOK, "cam-3", EAST, 0)
        assert ended(driver)[:2] == ("failed", "unreachable")
    finally:
        port.release()


@pytest.mark.parametrize("still", [b"", b"<html>no</html>", b"\xff\xd8\xff\xe0 not a picture", b"x" * 9_000_000])
def test_a_still_that_is_none_leaves_the_look_done_without_one(room: Room, still: bytes) -> None:
    room.device.still = still
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver) == ("done", "", None)
    assert list((room.folder / "drop").iterdir()) == []


def test_own_stills_are_removed_from_the_drop_folder_and_no_others(room: Room) -> None:
    """The media process has its copy, to which retention applies."""
    drop = room.folder / "drop"
    for name in ("onvif-old.jpg", "onvif-new.jpg", "of-a-sensor.jpg"):
        (drop / name).write_bytes(b"still")
        if "new" not in name:
            os.utime(drop / name, (0, 0))
    room.driver()
    assert sorted(one.name for one in drop.iterdir()) == ["of-a-sensor.jpg", "onvif-new.jpg"]


def test_own_stills_are_removed_also_where_no_camera_takes_another(room: Room) -> None:
    drop = room.folder / "drop"
    driver = OnvifDriver(CueSettings(), room.media, now_ns=lambda: AT_NS, clear_every_s=0.01)
    try:
        for name in ("onvif-old.jpg", ".onvif-old.jpg.7.partial"):
            (drop / name).write_bytes(b"still")
            os.utime(drop / name, (0, 0))
        began_s = time.monotonic()
        while list(drop.iterdir()):
            assert time.monotonic() - began_s < PATIENT_S
            time.sleep(0.01)
    finally:
        driver.close()


def test_without_a_drop_folder_no_still_is_asked_for(room: Room) -> None:
    room.media = replace(room.media, drop="")
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    assert ended(driver) == ("done", "", None)
    assert "GetSnapshotUri" not in room.device.asked


def test_a_direction_outside_the_calibration_is_not_sent(room: Room) -> None:
    driver = room.driver(pan_deg=(0.0, 45.0))
    with pytest.raises(CannotLook) as refused:
        driver.start(LOOK, "cam-3", EAST, 0)
    assert refused.value.code == "not_there"
    assert room.device.asked == []


def test_tls_is_verified_against_the_authority_of_the_settings(room: Room, tmp_path: Path) -> None:
    mine, another = (own_certificate(tmp_path / name, [], datetime.now(UTC)) for name in ("mine", "another"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(mine.certificate, mine.key)
    device = Device(picture_file())
    with simulated(device, context) as port:
        for known, state in ((mine, "done"), (another, "failed")):
            driver = room.driver(address=f"https://127.0.0.1:{port}", authority=str(known.certificate))
            driver.start(LOOK, "cam-3", EAST, 0)
            assert ended(driver).state == state
    assert device.asked.count("AbsoluteMove") == 1


def test_credentials_come_from_a_private_file_or_the_environment(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert login_of("cam-3", room.camera) == (USER, PASSWORD)
    room.secret.chmod(0o644)
    with pytest.raises(CameraFault, match="others may read"):
        login_of("cam-3", room.camera)
    nowhere = replace(room.camera, credentials="")
    with pytest.raises(CameraFault, match="WATCHLINE_ONVIF_CAM_3 is not set"):
        login_of("cam-3", nowhere)
    monkeypatch.setenv("WATCHLINE_ONVIF_CAM_3", "ana:with:colon")
    assert login_of("cam-3", nowhere) == ("ana", "with:colon")


def test_looks_end_when_the_driver_is_closed(room: Room) -> None:
    room.device.steps = 10**9
    driver = room.driver()
    driver.start(LOOK, "cam-3", EAST, 0)
    reached(driver, lambda state: state == "accepted")
    driver.close()
    assert ended(driver).state == "failed"
