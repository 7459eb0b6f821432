"""The page of partners: previews that sign nothing, packages that are what was previewed, withdrawals and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from ops.exchange.desk.orders import GapCell, ShareOrder, ShareResult
from ops.exchange.format.package import opened
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import withdraw
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.services.api.cooperation.desk import share_desk
from ops.services.api.cooperation.gap_picture import class_of, gap_picture
from ops.services.api.cooperation.problems import of_order
from ops.store.writer import Store
from tests.ops.exchange.partners import LAYERS, NOW, package, receiver, sender
from tests.ops.services.api.cooperation.served import centre, texts, write_exchange

ONLY = {"layers": {"incidents": LAYERS["incidents"]}}
AREA = (-85.0, 36.0, -84.0, 37.0)


def incident(at: datetime, name: str) -> dict[str, Any]:
    text = at.isoformat().replace("+00:00", "Z")
    return {
        "id": name, "name": f"CANARY {name}", "revision": 0, "kind": "movement", "state": "open", "priority": "high",
        "opened_at": text, "updated_at": text, "lon": -84.7, "lat": 36.55, "alerts": [], "transitions": [],
        "sentence": "CANARY", "section": "West", "lead": None, "owner": "CANARY", "notes": [],
    }  # fmt: skip


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    """A server that has received two packages of the south, and refused others."""
    with centre(tmp_path, files=write_exchange(tmp_path)) as made:
        yield made


def test_what_was_received_is_shown_with_its_state_and_what_was_refused_with_its_reason(
    room: Any, tmp_path: Path
) -> None:
    own = receiver(room.folder, "north", "south", **ONLY)
    first = package(tmp_path / "south", own="south", partner="north").content
    own.receive(first, NOW)
    own.receive(package(tmp_path / "south", own="south", partner="north", keep_days=1).content, NOW)
    for content in (first, first, b"<script>rubbish"):
        with pytest.raises(PackageRefused):
            own.receive(content, NOW)
    room.now_ns += 86_400 * 10**9
    with room.logged_in("weiss") as client:
        page = client.get("/partners?language=en").text
    text = texts(page)
    assert [state in text for state in ("In force", "Expired", "Replayed or out of order", "Not a valid package")] == [
        True
    ] * 4
    assert "Border police &lt;south&gt;" in page
    store = ReceivedStore(room.folder)
    assert [(one.reason, one.times, one.number) for one in store.refused()] == [
        ("malformed", 1, None), ("replayed", 2, 1),
    ]  # fmt: skip
    store.close()
    assert "Preview" not in text, "an analyst makes no packages"


def test_a_package_of_which_a_record_was_withdrawn_is_shown_as_sent_no_more(room: Any) -> None:
    package(room.folder)
    withdraw(sender(room.folder, **ONLY), packages=[], records=["CANARY-incident-0"], reason="wrong")
    with room.logged_in("adler") as client:
        page = client.get("/partners?language=en").text
    assert "Partly withdrawn, no longer sent" in texts(page)
    assert 'name="number" value="1"' in page, "the rest of it can be withdrawn, too"


def test_notes_of_refusals_do_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.exchange.received.MOST_REFUSED", 3)
    own = receiver(tmp_path / "north", "north", "south", **ONLY)
    for number in range(5):
        with pytest.raises(PackageRefused):
            own.receive(b"rubbish %d" % number, NOW + timedelta(seconds=number))
    store = ReceivedStore(own.data)
    assert len(store.refused()) == 3
    assert store.refused()[0].at_ns == int((NOW + timedelta(seconds=4)).timestamp()) * 10**9
    store.close()


class Desk:
    """Stands for the process of orders: keeps them, and answers as it is told."""

    def __init__(self) -> None:
        self.orders: list[ShareOrder] = []
        self.result = ShareResult(number=7, sha256="ab" * 32)

    def ask(self, order: ShareOrder) -> ShareResult:
        self.orders.append(order)
        return self.result


@pytest.fixture
def desk(room: Any) -> Desk:
    """The page with a desk that computes nothing."""
    return with_desk(room)


def with_desk(room: Any) -> Desk:
    made = Desk()
    for route in room_routes(room):
        route._desk, route._sector_file = made, "hills"
    return made


def room_routes(room: Any) -> list[Any]:
    return [
        route.endpoint.__self__
        for route in room.app.routes
        if getattr(route, "path", "") == "/partners" and hasattr(route.endpoint, "__self__")
    ]


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that signs a preview."""
    form = page.split('name="action" value="make"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


FORM = {"agreement": "south/buffer", "from": "2026-03-20T00:00", "until": "2026-03-20T12:00", "purpose": "week 12"}


def test_a_preview_signs_nothing_and_the_second_form_signs_what_it_showed(room: Any, desk: Desk) -> None:
    with room.logged_in("adler") as client:
        shown = room.post(client, "/partners", page="/partners", action="preview", **FORM)
        assert shown.status_code == 200
        signed = room.post(client, "/partners", page="/partners", action="make", **hidden(shown.text))
        assert signed.headers["location"] == "/partners?language=en&done=made&number=7"
    preview, make = desk.orders
    assert (preview.kind, make.kind, make.sha256) == ("preview", "make", "ab" * 32)
    same = ("start_ns", "end_ns", "at_ns", "purpose", "agreement", "partner", "limit")
    assert [getattr(preview, name) for name in same] == [getattr(make, name) for name in same]
    assert (make.role, make.person.startswith("A. Adler [")) == ("supervisor", True)
    assert make.end_ns - make.start_ns == 12 * 3600 * 10**9


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"agreement": "east/buffer"}, 422, "Agreement: an agreement on this page."),
        ({"purpose": "x"}, 422, "Purpose: 3 to 200 visible characters."),
        ({"from": "2026-03-20T12:00"}, 422, "Until: a time after the start."),
        ({"until": "soon"}, 422, "Until: a time in UTC"),
        ({"from": "soon"}, 422, "From: a time in UTC"),
        ({"action": "erase"}, 422, "Action: preview, sign or withdraw."),
        ({"action": "make", "at": "1"}, 409, "out of date"),
        ({"action": "make", "at": "9" * 19}, 409, "out of date"),
        ({"action": "withdraw", "partner": "east", "number": "1"}, 422, "Partner: a partner with an agreement."),
        ({"action": "withdraw", "partner": "south", "number": "x"}, 422, "Number: the number of a package."),
    ],
)
def test_a_wrong_form_asks_for_nothing(room: Any, desk: Desk, change: dict[str, str], status: int, words: str) -> None:
    with room.logged_in("adler") as client:
        answer = room.post(client, "/partners", page="/partners", **{"action": "preview", **FORM} | change)
    assert (answer.status_code, words in problem_of(answer.text)) == (status, True)
    assert desk.orders == []


def problem_of(page: str) -> str:
    """The text of the refusal on a page."""
    return texts(page.split('role="alert">')[1].split("</div>")[0])


def test_a_refusal_is_in_the_language_of_the_page(room: Any) -> None:
    with room.logged_in("adler") as client:
        page = room.post(client, "/partners?language=fr", page="/partners", action="preview", **FORM | {"purpose": "x"})
    assert problem_of(page.text).strip() == "Finalité : de 3 à 200 caractères visibles."


@pytest.mark.parametrize(
    ("status", "detail", "problem", "reason"),
    [
        (422, "package: The records have changed since; expected x.", "changed", ""),
        (422, "--package: no package 9; expected x.", "no_package", ""),
        (422, "south: no coverage in force; expected x.", "no_coverage", ""),
        (422, "product: 9 bytes; expected less.", "refused", "product: 9 bytes; expected less."),
        (503, "Another package is being made; try again in a minute.", "busy", ""),
        (503, "This took longer than 300 s; use `watchline share`.", "late", ""),
        (503, "This could not be done (killed).", "failed", "This could not be done (killed)."),
    ],
)
def test_a_refusal_by_the_process_of_orders_has_a_sentence_or_its_own_reason(
    monkeypatch: pytest.MonkeyPatch, status: int, detail: str, problem: str, reason: str
) -> None:
    monkeypatch.setattr("ops.services.api.cooperation.desk.LIMIT_S", 300.0)
    found = of_order(HTTPException(status, detail))
    desk = share_desk()
    assert problem != "busy" or detail == desk.busy
    assert problem != "late" or detail == desk.late
    assert (found.status_code, found.problem, found.reason) == (status, problem, reason)


def test_only_a_supervisor_shares_and_an_operator_sees_nothing_of_it(room: Any, desk: Desk) -> None:
    with room.logged_in("weiss") as analyst, room.logged_in("keller") as operator:
        token = room.token_of(analyst.get("/account").text)
        refused = analyst.post("/partners", data={"form_token": token, "action": "preview", **FORM})
        assert (refused.status_code, refused.headers["location"]) == (303, "/")
        assert operator.get("/partners").headers["location"] == "/"
        assert operator.get("/partners/gaps", params={"agreement": "south/buffer"}).status_code == 403
    assert desk.orders == []


def test_without_agreements_the_page_lists_and_says_why_it_makes_nothing(tmp_path: Path) -> None:
    with centre(tmp_path) as room, room.logged_in("adler") as client:
        page = texts(client.get("/partners?language=en").text)
        assert "This server has no agreements file" in page
        answer = room.post(client, "/partners", page="/account", action="preview", **FORM)
        assert (answer.status_code, "no agreements file" in answer.text) == (503, True)


def test_a_broken_agreements_file_is_named_without_its_folder(room: Any, tmp_path: Path) -> None:
    (tmp_path / "agreements.toml").write_text("own = 3\n")
    with room.logged_in("adler") as client:
        answer = client.get("/partners?language=en")
    assert answer.status_code == 503
    assert "agreements.toml" in answer.text
    assert str(tmp_path) not in answer.text


def test_both_languages_are_complete(room: Any) -> None:
    with room.logged_in("adler") as client:
        page = texts(client.get("/partners?language=fr").text)
    assert "Nouvel envoi" in page
    assert "Aucun envoi n’a été reçu." in page
    assert "partners-" not in page


def test_a_package_from_the_page_is_the_previewed_product_with_the_person_in_the_audit_log(
    tmp_path: Path, make_sector: Callable[[Path], Any]
) -> None:
    """The real process: a store with two incidents, of which one is in the area; then it is withdrawn."""
    make_sector(tmp_path / "hills")
    data = tmp_path / "data"
    data.mkdir()
    now = datetime.now(UTC).replace(microsecond=0)
    store = Store(data / "store.db")
    inside = incident(now - timedelta(hours=2), "I1")
    outside = incident(now - timedelta(hours=2), "I2") | {"lat": 38.0}
    stamp = int(now.timestamp()) * 10**9
    store.commit(1, stamp_ns=stamp, tracks_live=[], sensors=[], counts={}, incident_revisions=[inside, outside])
    files = write_exchange(tmp_path, now=now)
    with centre(tmp_path, files=files, sector_file=tmp_path / "hills", store=store, now=now) as room:
        with room.logged_in("adler") as client:
            form = {"agreement": "south/buffer", "purpose": "week 12"}
            shown = room.post(client, "/partners?language=en", page="/partners", action="preview", **form)
            assert shown.status_code == 200, texts(shown.text)
            assert "1 of 2 would leave" in texts(shown.text)
            assert "CANARY" not in shown.text
            assert "younger than" not in shown.text, "this agreement has no delay"
            assert "sentence" in shown.text, "named among the fields that are taken out"
            assert not (data / "exchange" / "outbox").exists()
            fields = hidden(shown.text)
            changed = room.post(client, "/partners", page="/partners", action="make", **fields | {"sha256": "0" * 64})
            assert (changed.status_code, "changed since" in changed.text) == (422, True)
            signed = room.post(client, "/partners", page="/partners", action="make", **fields)
            assert signed.status_code == 303, texts(signed.text)
            sent = SentStore(data)
            (made,) = sent.packages()
            content = sent.path_of("south", 1).read_bytes()
            sent.close()
            assert opened(content).manifest.sha256 == fields["sha256"]
            assert made.person.startswith("A. Adler [")
            withdrawn = room.post(
                client, "/partners", page="/partners", action="withdraw", partner="south", number="1", purpose="wrong"
            )
            assert withdrawn.status_code == 303, texts(withdrawn.text)
            assert "Withdrawn by notice 2" in texts(client.get("/partners?language=en").text)
        (first, second) = [one for one in room.log.entries() if one.operation == "disclosure"]
        assert (first.role, first.purpose, second.purpose) == ("supervisor", "week 12", "wrong")
        assert first.person.startswith("A. Adler [")
    store.close()


CELLS = (
    GapCell(3, 7, 0.2, 0.1, 0.2, 0.4, 0.28), GapCell(4, 7, 0.4, 0.4, 0.4, 0.9, 0.64),
    GapCell(3, 8, 0.9, 0.1, 0.9, 1.0, 0.91), GapCell(4, 8, 0.3), GapCell(5, 8, 0.6),
)  # fmt: skip


def test_cells_are_classed_by_their_bounds() -> None:
    """By hand, for 0.5: the upper bound is below; the bounds are on both sides; the lower is above; own alone."""
    assert [class_of(one, 0.5) for one in CELLS] == ["gap", "possible", "met", "unknown", "met"]
    picture = gap_picture(
        ShareResult(cells=CELLS, border=(((2.5, 7.5), (5.5, 7.5), (90.0, 90.0)),), cell_m=2000.0), 0.5
    )
    assert picture.counts == {"gap": 1, "possible": 1, "met": 2, "unknown": 1}
    assert (picture.width, picture.height, picture.km2, picture.independent) == (30.0, 20.0, 4.0, 1)
    assert [(one.x, one.y) for one in picture.cells] == [(0, 10), (10, 10), (0, 0), (10, 0), (20, 0)], "north is up"
    assert picture.border == ["-5.0,15.0 25.0,15.0"]


def test_the_picture_of_common_gaps_states_both_bounds(tmp_path: Path) -> None:
    files = write_exchange(tmp_path, layers={"coverage": ("probability",)})
    with centre(tmp_path, files=files, sector_file=tmp_path / "hills") as room:
        made = with_desk(room)
        made.result = ShareResult(number=4, cells=CELLS, cell_m=1000.0)
        with room.logged_in("weiss") as client:
            page = client.get("/partners/gaps?language=en&agreement=south/buffer&needed=50").text
    assert len(re.findall('<rect class="(?:gap|possible|met|unknown)" x=', page)) == len(CELLS)
    assert "If misses of the two sides are independent: 1 gap; whatever the dependence, between 1 and 2." in texts(page)
    assert "Own 40%, partner 40%; together 40% to 90%" in texts(page)
    assert (made.orders[0].kind, made.orders[0].needed) == ("gaps", 0.5)
