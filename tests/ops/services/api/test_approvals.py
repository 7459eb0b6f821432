"""The two-person rule over HTTP: who may confirm what, once, and what happens then."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.unit_messages import SectionOrder, encode_unit
from ops.accounts.accounts import Accounts
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.governance.mutes import MutedSensors
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.schemas.picture import SensorRecord
from ops.services.api.serving.server import serving
from ops.store.writer import Store
from tests.ops.services.api.login.conftest import PASSWORD, World, wrong_code

NOW_NS = 1_772_400_000 * 10**9
RADAR = SensorRecord(
    sensor="radar-1", kind="radar", lon=1.0, lat=42.0, state="ok", since_ns=NOW_NS, revoked=False, faults={}
).model_dump()  # fmt: skip


def forces(level: str, decided: list[dict[str, Any]]) -> dict[str, Any]:
    section = {
        "section": "West", "segments": [[0, 9]], "level": level, "decided": decided, "required_units": 1,
        "required_response_s": 3600.0, "units": [], "not_current": [], "response_s": 700.0, "response_base": "Fork",
        "response_known": True, "met": True,
    }  # fmt: skip
    return {"units": [], "bases": [], "sections": [section], "fading_s": 120.0, "stale_s": 600.0}


class Journal:
    """Stands in for broker, ingest and fusion: applies each decision at once."""

    def __init__(self, store: Store) -> None:
        self.store, self.orders, self.fails = store, list[SectionOrder](), False

    def send_reply(self, order: SectionOrder) -> tuple[int, int]:
        if self.fails:
            raise OSError("disk full")
        encode_unit(order)
        self.orders.append(order)
        made = {"id": order.order_id, "level": order.impact_level, "at": "2026-01-01T00:00:00Z", "by": order.by,
                "reason": order.reason}  # fmt: skip
        self.store.commit(1 + len(self.orders), stamp_ns=NOW_NS, forces=forces(order.impact_level, [made]))
        return 1, len(self.orders)

    def journaled(self, key: tuple[int, int]) -> bool:
        return True


class Room(World):
    """A server with accounts whose wall clock is ``clock_s``."""

    clock_s: float
    journal: Journal
    folder: Path


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    store = Store(tmp_path / "store.db")
    store.commit(1, stamp_ns=NOW_NS, tracks_live=[], sensors=[RADAR], counts={}, forces=forces("high", []))
    made = Room(clock_s=time.time(), folder=tmp_path, journal=Journal(store))
    settings = AccountSettings(same_person=(("adler", "adler.two"),), session_h=72.0, idle_h=24.0)
    made.accounts = Accounts(AccountStore(tmp_path / "accounts.db"), settings, now_s=lambda: made.clock_s)
    made.log = AuditLog(tmp_path / "audit")
    app = create_app(
        store.path,
        ApiSettings("hills", title="Hills", guard=GuardSettings(bearer=True), pages=tmp_path / "none"),
        act=lambda _: None,
        now_ns=lambda: NOW_NS,
        access_log=made.log,
        accounts=made.accounts,
        actions=made.journal,  # type: ignore[arg-type]
    )
    for login, name, role in (
        ("adler", "A. Adler", "supervisor"), ("adler.two", "Anna Adler", "supervisor"),
        ("berg", "B. Berg", "supervisor"), ("keller", "M. Keller", "operator"), ("admin", "Root", "admin"),
    ):  # fmt: skip
        made.add(login, name, role)
    try:
        with serving(app) as port:
            made.address, made.port = f"http://127.0.0.1:{port}", port
            yield made
    finally:
        made.log.close()
        store.close()
        made.accounts.store.close()


def lower(client: Any, level: str = "low", identity: str = "decision-1") -> Any:
    order = {"id": identity, "section": "West", "level": level, "reason": "calm for a week"}
    return client.post("/v1/impact-levels", json=order)


def decide(client: Any, identity: str, decision: str = "confirm", reason: str = "") -> Any:
    return client.post(f"/v1/approvals/{identity}/decision", json={"decision": decision, "reason": reason})


def subjects(room: Any) -> list[str]:
    return [one.subject for one in room.log.entries() if one.operation == "alteration"]


def test_a_level_is_lowered_by_two_persons_and_raised_by_one(room: Any) -> None:
    with room.logged_in("adler") as asker, room.logged_in("berg") as other:
        answer = lower(asker).json()
        assert (answer["accepted"], answer["applied"], room.journal.orders) == (False, None, [])
        assert lower(asker).json()["approval"] == answer["approval"], "the same decision sent again asks once"
        assert decide(asker, answer["approval"]).status_code == 403, "not the asker"
        made = decide(other, answer["approval"])
        assert (made.status_code, made.json()["state"]) == (200, "confirmed"), made.text
        (order,) = room.journal.orders
        assert (order.impact_level, order.by, order.reason) == ("low", "A. Adler, B. Berg", "calm for a week")
        assert decide(other, answer["approval"]).status_code == 409, "once"
        assert lower(asker, "critical", "decision-2").status_code == 409, "another decision was made since"
        raised = {"id": "decision-3", "section": "West", "level": "critical", "reason": "many", "after": "decision-1"}
        assert asker.post("/v1/impact-levels", json=raised).json()["applied"] is True
    assert (
        subjects(room)[:2]
        == [
            "request to confirm: impact level of section West lowered from high to low, because: calm for a week",
        ]
        * 2
    )
    assert f"confirmed request {answer['approval']} of A. Adler" in subjects(room)[2]


@pytest.mark.parametrize("way", ["second session", "second account", "token", "newer account", "operator"])
def test_the_asker_confirms_by_no_detour(room: Any, way: str) -> None:
    with room.logged_in("adler") as asker:
        identity = lower(asker).json()["approval"]
    if way == "token":
        token = room.accounts.token(room.accounts.store.account("berg"), "t", 1.0)
        with room.client() as client:
            client.headers["Authorization"] = f"Bearer {token}"
            answer = decide(client, identity)
    else:
        login = {"second session": "adler", "second account": "adler.two", "operator": "keller"}.get(way, "late")
        if way == "newer account":
            room.clock_s += 5.0
            room.add("late", "L. Late", "supervisor")
        with room.logged_in(login) as client:
            answer = decide(client, identity)
    assert answer.status_code == 403, answer.text
    assert room.journal.orders == []


def test_an_emergency_needs_a_supervisor_and_a_reason_and_is_flagged(room: Any) -> None:
    with room.logged_in("adler") as asker, room.logged_in("admin") as admin:
        identity = lower(asker).json()["approval"]
        assert decide(admin, identity, "override", "flood at the ford, no one else here").status_code == 403
        assert decide(asker, identity, "override", "flood").status_code == 422
        made = decide(asker, identity, "override", "flood at the ford, no one else here").json()
    assert (made["state"], made["emergency"]) == ("overridden", True)
    assert [one.by for one in room.journal.orders] == ["A. Adler"]
    assert any(one.startswith("EMERGENCY OVERRIDE: ") for one in subjects(room))


def test_a_request_expires_and_is_withdrawn_only_by_its_asker(room: Any) -> None:
    with room.logged_in("adler") as asker, room.logged_in("berg") as other:
        identity = lower(asker).json()["approval"]
        assert decide(other, identity, "withdraw").status_code == 403
        room.clock_s += 3601.0
        assert decide(other, identity).status_code == 409
        (found,) = asker.get("/v1/approvals").json()["approvals"]
        assert (found["state"], found["may"]) == ("expired", [])
    assert room.journal.orders == []


def test_what_cannot_be_carried_out_has_failed_and_is_not_repeated(room: Any) -> None:
    room.journal.fails = True
    with room.logged_in("adler") as asker, room.logged_in("berg") as other:
        identity = lower(asker).json()["approval"]
        assert decide(other, identity).status_code == 503
        room.journal.fails = False
        assert decide(other, identity).status_code == 409
        assert other.get("/v1/approvals").json()["approvals"][0]["state"] == "failed"


def test_a_sensor_is_muted_by_two_persons_until_the_stated_time(room: Any) -> None:
    body = {"minutes": 30, "reason": "maintenance of the mast"}
    with room.logged_in("adler") as asker, room.logged_in("berg") as other, room.logged_in("keller") as operator:
        assert operator.post("/v1/sensors/radar-1/mute", json=body).status_code == 403
        assert asker.post("/v1/sensors/radar-9/mute", json=body).status_code == 404
        identity = asker.post("/v1/sensors/radar-1/mute", json=body).json()["id"]
        mutes, now_s = MutedSensors(room.folder), NOW_NS / 1e9
        assert mutes.at(now_s) == {}
        assert decide(other, identity).status_code == 200
        assert set(mutes.at(now_s + 1799.0)) == {"radar-1"}
        (found,) = mutes.at(now_s + 1799.0).values()
        assert (found.reason, found.asked_role, found.decided_role) == (body["reason"], "supervisor", "supervisor")
        assert (found.request, found.emergency) == (identity, False)
        assert mutes.at(now_s + 1800.0) == {}


def test_the_page_asks_and_confirms_without_scripts(room: Any) -> None:
    with room.logged_in("adler") as asker, room.logged_in("berg") as other:
        asked = room.post(asker, "/approvals", page="/approvals", action="mute", sensor="radar-1", minutes="5",
                          reason="<b>mast</b>")  # fmt: skip
        assert asked.status_code == 303
        page = other.get("/approvals").text
        assert "&lt;b&gt;mast" in page
        assert "<b>mast" not in page
        assert 'value="confirm"' in page
        assert 'value="confirm"' not in asker.get("/approvals").text
        identity = asker.get("/v1/approvals").json()["approvals"][0]["id"]
        wrong = room.post(asker, "/approvals", page="/approvals", action="confirm", id=identity)
        assert (wrong.status_code, "Another person has to confirm" in wrong.text) == (403, True)
        assert room.post(other, "/approvals", page="/approvals", action="confirm", id=identity).status_code == 303
    assert list(json.loads((room.folder / "muted.json").read_text())) == ["radar-1"]
    assert PASSWORD not in page


def test_a_remark_of_the_page_is_on_one_line_as_that_of_a_program(room: Any) -> None:
    """A line of its own in the audit log would read as another act."""
    with room.logged_in("adler") as asker, room.logged_in("berg") as other:
        identity = lower(asker).json()["approval"]
        for sign in "\n\u2028\x1b":
            answer = room.post(
                other, "/approvals", page="/approvals", action="refuse", id=identity, reason=f"no{sign}EMERGENCY"
            )
            assert answer.status_code == 422
        assert other.get("/v1/approvals").json()["approvals"][0]["state"] == "waiting"


def test_the_page_states_what_is_asked_in_the_reader_s_language(room: Any) -> None:
    with room.logged_in("adler") as asker:
        lower(asker)
        asker.post("/v1/sensors/radar-1/mute", json={"minutes": 60, "reason": "entretien"})
        asker.post("/v1/approvals/erasure", json={"settings": "0123456789abcdef", "reason": "entretien"})
        assert [one["may"] for one in asker.get("/v1/approvals").json()["approvals"]] == [["withdraw", "override"]] * 3
        page = asker.get("/approvals?language=fr").text
        assert "Section West\N{NO-BREAK SPACE}: niveau d’impact faible" in page
        assert "Capteur radar-1\N{NO-BREAK SPACE}: en sourdine pendant 60\N{NO-BREAK SPACE}min" in page
        assert "Enregistrements arrivés à échéance selon les paramètres 0123456789abcdef" in page
        assert 'lang="en" dir="auto"' not in page
        english = asker.get("/approvals?language=en").text
        assert "Section West: impact level low" in english
        assert "Sensor radar-1: muted for 60 min" in english


def test_a_wrong_code_at_set_up_keeps_the_secret_that_the_app_has(room: Any) -> None:
    with room.logged_in("berg") as client:
        first = client.get("/account?second-factor=new").text
        secret = first.partition('name="secret" value="')[2][:32]
        token = room.token_of(first)
        form = {"form_token": token, "secret": secret, "password": PASSWORD}
        form |= {"code": wrong_code(secret, room.clock_s)}
        wrong = client.post("/account/second-factor", data=form)
        assert wrong.status_code == 403
        assert f'value="{secret}"' in wrong.text


def test_the_page_states_why_something_is_refused_in_the_reader_s_language(room: Any) -> None:
    with room.logged_in("adler") as asker, room.logged_in("admin") as admin:
        identity = lower(asker).json()["approval"]

        def refused(client: Any, **form: str) -> str:
            answer = room.post(client, "/approvals?language=fr", page="/approvals?language=fr", **form)
            assert answer.status_code >= 400
            (problem,) = re.findall(r'<p class="problem" role="alert" dir="auto">(.*?)</p>', answer.text)
            return html.unescape(problem)

        own = refused(asker, action="confirm", id=identity)
        assert own == "Une autre personne doit confirmer la demande."
        short = refused(asker, action="override", id=identity, reason="crue")
        assert short == "Indiquez un motif d’au moins 10 caractères."
        assert refused(admin, action="override", id=identity, reason="crue au gué, personne").startswith("Votre compte")
        unknown = refused(asker, action="mute", sensor="radar-9", minutes="5", reason="mât")
        assert unknown == "Le capteur «\N{NO-BREAK SPACE}radar-9\N{NO-BREAK SPACE}» n’existe pas."
        assert refused(asker, action="mute", sensor="radar-1", minutes="x", reason="mât").startswith("Minutes")
        assert refused(asker, action="mute", sensor="radar-1", minutes="5", reason="").startswith("Motif")
        assert refused(asker, action="erase", settings="x", reason="fini").startswith("Somme de contrôle")
        assert refused(asker, action="dance").startswith("Le formulaire")
        assert refused(asker, action="refuse", id="0" * 12).startswith("Cette demande")
        room.clock_s += 3601.0
        assert refused(asker, action="withdraw", id=identity).startswith("La demande a expiré")


def test_every_account_finds_the_confidential_page_and_what_it_does_not_protect_against(room: Any) -> None:
    with room.logged_in("keller") as person:
        page = person.get("/account?language=en").text
        assert 'href="/confidential?language=en" rel="noreferrer"' in page
        assert "does not protect you from an observer of this network" in page
        assert person.get("/confidential").status_code == 200
