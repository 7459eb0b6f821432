"""The media process: from the journal to the file, once, under kills, on a full disk, and for hostile senders."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ingest.unit_messages import Reply, StatedLook, encode_unit
from ingest.wire import WireMedia
from ops.audit.day_keys import DayKeyError, DayKeys
from ops.journal.reader import JournalRow
from ops.room.retention import purge
from ops.sector.setting_tables.data import RetentionSettings
from ops.sector.setting_tables.media import MediaSettings
from ops.sector.settings import Settings
from ops.services.media.book import DEAD, STORED, WAITING, PictureBook
from ops.services.media.check import Unusable
from ops.services.media.fetch import NotNow
from ops.services.media.hosts import LONGEST_PAUSE_NS, SLOW_AT_ONCE
from ops.services.media.worker import AT_ONCE, FETCHERS, NOT_QUICK_AT_ONCE, OF_SENSOR, ROUND_S, MediaWorker, references
from ops.store.reader import Live
from sensors.timestamps import utc_datetime
from tests.ops.services.media.making import AT_NS, SECOND, mp4_file, picture_file
from tests.patience import PATIENT_S

FILES = {f"drop:{shade}.jpg": picture_file(shade=shade) for shade in (20, 60, 100)}


def row(number: int, *uris: str, sensor: str = "cam-1", **stated: Any) -> JournalRow:
    """A row of the journal: a camera's scan with references to files."""
    at_ns = AT_NS + number * SECOND
    media = [
        {
            "uri": uri, "sha256": sha256(FILES[uri]).hexdigest(), "type": "image/jpeg", "size": len(FILES[uri]),
            "plot": 0,
        }
        | stated
        for uri in uris
    ]  # fmt: skip
    body = {
        "sensor": sensor, "boot": 1, "seq": number, "scan": number, "kind": "camera", "media": media,
        "observed_at": utc_datetime(at_ns).isoformat().replace("+00:00", "Z"),
        "plots": [{"azimuth_deg": 12.5, "range_m": 800.0, "class": {"person": 0.3, "animal": 0.7}}],
    }  # fmt: skip
    raw = json.dumps(body).encode()
    return JournalRow(number, "detections", sensor, 1, number, at_ns, at_ns, None, "application/json", raw, True)


class StandInJournal:
    """Rows in place of a journal."""

    def __init__(self, rows: list[JournalRow]) -> None:
        self.rows = rows

    def exists(self) -> bool:
        return True

    @contextmanager
    def reading(self) -> Iterator[StandInJournal]:
        yield self

    def read(self, after: int, limit: int) -> list[JournalRow]:
        return [one for one in self.rows if one.id > after][:limit]

    def last_id(self) -> int:
        return max((one.id for one in self.rows), default=0)


class StandInStore:
    """The live picture, in which track T1 was supported by scan 1 and T2 by scan 2."""

    def live(self, part: str) -> Live:
        assert part == "tracks"
        tracks = [{"track": f"T{n}", "lon": 1.0, "evidence": [["radar", 1, 9], ["cam-1", 1, n]]} for n in (1, 2)]
        return Live(1, AT_NS, json.dumps(tracks).encode())


class Fetches:
    """Files in place of sensors, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False

    def __call__(self, uri: str, size: int) -> bytes:
        self.asked.append(uri)
        if self.down:
            raise NotNow("connection refused")
        if uri not in FILES:
            raise Unusable("refused", "404")
        return FILES[uri][: size + 1]


def worker_of(data: Path, rows: list[JournalRow], fetch: Any, **more: Any) -> MediaWorker:
    fields: dict[str, Any] = {"now_ns": lambda: AT_NS + 60 * SECOND, "free_bytes": lambda: 2**40} | more
    settings = fields.pop("settings", MediaSettings(drop="unused"))
    journal: Any = StandInJournal(rows)
    live: Any = StandInStore()
    return MediaWorker(data, settings, journal=journal, live=live, fetch=fetch, **fields)


def work(worker: MediaWorker) -> None:
    """Rounds until there is nothing more to do."""
    while worker.round():
        pass


def seen(data: Path, *tracks: str) -> list[tuple[int, str, str]]:
    book = PictureBook(data, read_only=True)
    try:
        return [(one.seq, one.uri, one.state) for one in book.pictures_of(tracks, [])]
    finally:
        book.close()


def test_a_reference_becomes_a_stored_file_that_its_track_shows(tmp_path: Path) -> None:
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg"), row(2, "drop:60.jpg")], Fetches())
    work(worker)
    (one,) = worker.book.pictures_of(["T1"], [])
    assert (one.state, one.width, one.height, one.azimuth_deg, one.range_m, one.reported) == (
        STORED, 64, 48, 12.5, 800.0, "animal"
    )  # fmt: skip
    assert worker.vault.get(one.sha256, one.observed_ns) == FILES["drop:20.jpg"]
    worker.close()
    assert seen(tmp_path, "T2") == [(2, "drop:60.jpg", STORED)]


def test_beside_a_restored_earlier_journal_new_messages_still_refer_to_pictures(tmp_path: Path) -> None:
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg"), row(7)], Fetches())
    work(worker)
    worker.close()
    rows = [row(1, "drop:20.jpg")]
    worker = worker_of(tmp_path, rows, Fetches())
    work(worker)
    rows.append(row(2, "drop:60.jpg"))
    work(worker)
    (one,) = worker.book.pictures_of([], [("cam-1", 1, 2)])
    worker.close()
    assert (one.uri, one.state) == ("drop:60.jpg", STORED)


def test_the_same_file_of_many_messages_is_fetched_once_and_stored_once(tmp_path: Path) -> None:
    fetches = Fetches()
    worker = worker_of(tmp_path, [row(number, "drop:20.jpg", "drop:20.jpg") for number in range(1, 9)], fetches)
    work(worker)
    assert fetches.asked == ["drop:20.jpg"]
    assert worker.book.counts() == {STORED: 16}
    assert len([path for path in worker.vault.folder.rglob("*") if path.is_file()]) == 1
    worker.close()


def test_a_stored_file_that_was_changed_is_fetched_again_for_the_next_message(tmp_path: Path) -> None:
    fetches, rows = Fetches(), [row(1, "drop:20.jpg")]
    worker = worker_of(tmp_path, rows, fetches)
    work(worker)
    path = worker.vault.path(sha256(FILES["drop:20.jpg"]).hexdigest(), AT_NS + SECOND)
    path.write_bytes(b"changed")
    rows.append(row(2, "drop:20.jpg"))
    work(worker)
    assert fetches.asked == ["drop:20.jpg"] * 2
    assert path.read_bytes() == FILES["drop:20.jpg"]
    worker.close()


def test_rows_of_other_kinds_and_scans_without_pictures_refer_to_none() -> None:
    plain = row(1)
    assert list(references(plain)) == []
    status = JournalRow(1, "status", "cam-1", 1, 1, AT_NS, AT_NS, None, "application/json", b'{"media": 1}', True)
    assert list(references(status)) == []
    broken = JournalRow(1, "detections", "cam-1", 1, 1, AT_NS, AT_NS, None, "application/json", b'{"media": 1', True)
    assert list(references(broken)) == []


@pytest.mark.parametrize(
    ("stated", "ahead_s"),
    [
        ("2026-03-20T09:46:31Z", -10),
        ("2026-03-20T09:46:42Z", 0),
        ("2200-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_a_picture_keeps_its_own_time_only_within_a_day_before_its_scan(stated: str, ahead_s: int) -> None:
    """The scan is of 09:46:41; the day of a picture decides when it is erased."""
    (one,) = references(row(1, "drop:20.jpg", observed_at=stated))
    assert one.observed_ns == AT_NS + SECOND + ahead_s * SECOND


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"sha256": "0" * 64}, "hash"),
        ({"size": 40}, "size"),
        ({"type": "image/png"}, "type"),
        ({"uri": "drop:x"}, "refused"),
    ],
)
def test_a_file_that_is_not_as_stated_is_a_dead_letter_and_the_others_are_stored(
    stated: dict[str, Any], code: str, tmp_path: Path
) -> None:
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg", **stated), row(2, "drop:60.jpg")], Fetches())
    work(worker)
    assert worker.book.counts() == {DEAD: 1, STORED: 1}
    (one,) = worker.book.pictures_of(["T1"], [])
    assert (one.state, one.problem) == (DEAD, code)
    worker.close()


def test_a_sensor_that_is_unreachable_is_asked_again(tmp_path: Path) -> None:
    fetches = Fetches()
    fetches.down = True
    now = [AT_NS + 60 * SECOND]
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg")], fetches, now_ns=lambda: now[0])
    work(worker)
    assert worker.book.counts() == {WAITING: 1}
    fetches.down = False
    work(worker)  # not yet due
    assert len(fetches.asked) == 1
    now[0] += 10 * SECOND
    work(worker)
    assert worker.book.counts() == {STORED: 1}
    worker.close()


def test_a_slow_server_holds_up_the_pictures_of_no_other(tmp_path: Path) -> None:
    """Thirty files of a server that does not answer are newer than those of another, which are all stored before."""
    slow = {f"http://slow.example/{n}.jpg": picture_file(shade=n) for n in range(30)}
    quick = {f"http://quick.example/{n}.jpg": picture_file(shade=200 - n) for n in range(12)}
    files, answer, waiting = slow | quick, threading.Event(), list[str]()

    def fetch(uri: str, _: int) -> bytes:
        if uri in slow:
            waiting.append(uri)
            answer.wait()
        return files[uri]

    FILES.update(files)
    worker = worker_of(tmp_path, [row(n, uri) for n, uri in enumerate([*quick, *slow], 1)], fetch)
    try:
        for _ in range(round(PATIENT_S / ROUND_S)):
            worker.round()
            if worker.book.counts().get(STORED, 0) == len(quick):
                break
        assert worker.book.counts() == {STORED: len(quick), WAITING: len(slow)}
        while len(waiting) < SLOW_AT_ONCE:  # a thread may not have begun yet
            assert worker.round()
        assert len(waiting) == SLOW_AT_ONCE
        answer.set()
        work(worker)
        assert worker.book.counts() == {STORED: len(files)}
    finally:
        answer.set()
        worker.close()
        for uri in files:
            del FILES[uri]


def test_slow_servers_however_many_leave_fetchers_to_the_others(tmp_path: Path) -> None:
    """Pictures of a quick server and of a drop folder arrive while more servers than there are fetchers are silent."""
    slow = {f"http://slow{n}.example/{n}.jpg": picture_file(shade=n) for n in range(AT_ONCE + 3)}
    quick = {"http://quick.example/101.jpg": picture_file(shade=101), "drop:102.jpg": picture_file(shade=102)}
    files, answer = slow | quick, threading.Event()

    def fetch(uri: str, _: int) -> bytes:
        if uri in slow:
            answer.wait()
        return files[uri]

    FILES.update(files)
    come = [row(n, uri, sensor=f"cam-{n % 4}") for n, uri in enumerate(slow, 1)]
    worker = worker_of(tmp_path, come, fetch)
    worker._hosts.delivered("quick.example", 0)
    try:
        worker.round()
        assert len(worker._running) == NOT_QUICK_AT_ONCE < FETCHERS
        come += [row(n, uri) for n, uri in enumerate(quick, 1 + len(slow))]
        for _ in range(round(PATIENT_S / ROUND_S)):
            worker.round()
            if worker.book.counts().get(STORED, 0) == len(quick):
                break
        assert worker.book.counts() == {STORED: len(quick), WAITING: len(slow)}
        answer.set()
        work(worker)
        assert worker.book.counts() == {STORED: len(files)}
    finally:
        answer.set()
        worker.close()
        for uri in files:
            del FILES[uri]


def test_one_sensor_that_names_ever_new_slow_servers_holds_up_the_pictures_of_no_other(tmp_path: Path) -> None:
    """Whenever one of its fetches ends, it refers to something newer, on a server of its own."""
    trap = {f"http://10.0.0.9:{port}/x.jpg": picture_file(shade=port % 200) for port in range(1024, 1224)}
    wanted, answer = "http://wanted.example/77.jpg", threading.Event()
    files = trap | {wanted: picture_file(shade=77)}

    def fetch(uri: str, _: int) -> bytes:
        if uri in trap:
            answer.wait()
        return files[uri]

    FILES.update(files)
    come = [row(n, uri) for n, uri in enumerate(list(trap)[:100], 1)]
    worker = worker_of(tmp_path, come, fetch)
    try:
        worker.round()
        assert len(worker._running) == OF_SENSOR
        come.append(row(200, wanted, sensor="cam-2"))
        come += [row(n, uri) for n, uri in enumerate(list(trap)[100:], 201)]
        for _ in range(round(PATIENT_S / ROUND_S)):
            worker.round()
            if worker.book.counts().get(STORED, 0):
                break
        assert seen_of(worker, "cam-2") == [STORED]
        assert len(worker._running) == OF_SENSOR
    finally:
        answer.set()
        worker.close()
        for uri in files:
            del FILES[uri]


def seen_of(worker: MediaWorker, sensor: str) -> list[str]:
    return [one.state for one in worker.book.pictures_by(sensor, 0, 2**62)]


def test_a_server_that_is_down_is_asked_once_per_pause_whatever_the_number_of_its_pictures(tmp_path: Path) -> None:
    files = {f"http://down.example/{n}.jpg": picture_file(shade=n) for n in range(20)}
    FILES.update(files)
    fetches, now = Fetches(), [AT_NS + 60 * SECOND]
    fetches.down = True
    worker = worker_of(tmp_path, [row(n, uri) for n, uri in enumerate(files, 1)], fetches, now_ns=lambda: now[0])
    try:
        for _ in range(3):
            before = len(fetches.asked)
            work(worker)  # the clock stands still: what waits for its turn is not due
            assert 1 <= len(fetches.asked) - before <= SLOW_AT_ONCE
            now[0] += LONGEST_PAUSE_NS + SECOND  # two that are asked at once count as two failures
        fetches.down = False
        for _ in range(20):
            now[0] += 60 * SECOND
            work(worker)
        assert worker.book.counts() == {STORED: 20}
    finally:
        worker.close()
        for uri in files:
            del FILES[uri]


def test_tracks_are_noted_while_a_server_does_not_answer(tmp_path: Path) -> None:
    """A track names its newest scans only: what is not noted in time is never noted."""
    rows, noted = [row(1, "drop:20.jpg")], threading.Event()
    worker = worker_of(tmp_path, rows, lambda *_: FILES["drop:20.jpg"] if noted.wait(PATIENT_S) else b"")
    link, take, later = worker.book.link, worker.take, row(2, "drop:60.jpg")

    def taken() -> int:
        found = take()
        if not found:
            rows.append(later)  # it comes while the first file is being fetched
        return found

    def linked(evidence: Any) -> None:
        link(evidence)
        if worker.book.pictures_of(["T2"], []):
            noted.set()

    live = StandInStore()
    stamps = count(AT_NS)
    live.live = lambda part: Live(1, next(stamps), StandInStore().live(part).body)  # type: ignore[method-assign]
    worker._live = live  # type: ignore[assignment]
    worker.take, worker.book.link = taken, linked  # type: ignore[method-assign]
    while not noted.is_set():
        assert worker.round(), "the file is still being fetched"
    while worker.fetch_due():
        pass
    worker.close()
    assert seen(tmp_path, "T1") == [(1, "drop:20.jpg", STORED)]


def test_a_key_that_cannot_be_used_is_a_problem_of_the_disk_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg")], Fetches(), encrypted=True)

    def unusable(*_: object) -> str:
        raise DayKeyError("keys: the key cannot be used (Input/output error).")

    monkeypatch.setattr(worker.vault, "put", unusable)
    work(worker)
    assert (worker.problem, worker.book.counts()) == ("disk", {WAITING: 1})
    worker.close()


def test_with_little_space_nothing_is_fetched_and_later_everything_is(tmp_path: Path) -> None:
    free, fetches = [0], Fetches()
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg")], fetches, free_bytes=lambda: free[0])
    work(worker)
    assert (worker.problem, fetches.asked) == ("full", [])
    free[0] = 2**40
    work(worker)
    assert (worker.problem, worker.book.counts()) == (None, {STORED: 1})
    worker.close()


def test_a_disk_that_fills_while_a_file_is_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [AT_NS + 60 * SECOND]
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg")], Fetches(), now_ns=lambda: now[0])

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(worker.vault, "put", full)
        work(worker)
        assert (worker.problem, worker.book.counts()) == ("full", {WAITING: 1})
    now[0] += 3600 * SECOND
    work(worker)
    assert (worker.problem, worker.book.counts()) == (None, {STORED: 1})
    worker.close()


@pytest.mark.parametrize("encrypted", [False, True])
def test_killed_at_any_write_it_loses_nothing_and_states_nothing_false(tmp_path: Path, encrypted: bool) -> None:
    """A child process ends at its n-th sync or renaming, without any clean-up, for n = 1, 2, … until it ends well."""
    rows = [row(1, "drop:20.jpg"), row(2, "drop:60.jpg"), row(3, "drop:20.jpg")]
    for number in range(1, 60):
        data = tmp_path / str(number)
        data.mkdir()
        child = os.fork()
        if child == 0:
            _work_until(number, data, rows, encrypted)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        _check(data, rows, encrypted)
        if not killed:
            break
    assert not killed
    assert number > 8  # at least a sync of each file and folder


def _work_until(number: int, data: Path, rows: list[JournalRow], encrypted: bool) -> None:
    """Work, in a child, and end at the n-th sync or renaming."""
    left, sync, rename = [number], os.fsync, Path.replace

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os._exit(9)

    def syncs(descriptor: int) -> None:
        count()
        sync(descriptor)

    def renames(path: Path, target: Path) -> Path:
        count()
        return rename(path, target)

    os.fsync, Path.replace = syncs, renames  # type: ignore[assignment, method-assign]
    try:
        work(worker_of(data, rows, Fetches(), encrypted=encrypted))
    except BaseException:  # noqa: BLE001 - a child of a test must not go on with the tests
        os._exit(1)
    os._exit(0)


def _check(data: Path, rows: list[JournalRow], encrypted: bool) -> None:
    """What a row calls stored is there; and the next process completes the rest and leaves nothing half written."""
    if (data / "media.db").exists():
        before = PictureBook(data)
        keys = DayKeys(data / "keys")
        for one in before.pictures_of(["T1", "T2"], [("cam-1", 1, 3)]):
            path = data / "media" / "2026-03-20" / one.sha256[:2] / one.sha256
            if one.state == STORED:
                content = keys.open(path.read_bytes(), one.sha256.encode())
                assert content is not None
                assert sha256(content).hexdigest() == one.sha256
        before.close()
    worker = worker_of(data, rows, Fetches(), encrypted=encrypted)
    work(worker)
    assert worker.book.counts() == {STORED: 3}
    files = [path for path in worker.vault.folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(sha256(FILES[f"drop:{n}.jpg"]).hexdigest() for n in (20, 60))
    worker.close()


def test_after_its_retention_a_day_is_gone_with_key_files_and_rows(tmp_path: Path) -> None:
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg")], Fetches(), encrypted=True)
    work(worker)
    worker.close()
    settings = Settings(retention=RetentionSettings(media=2))
    kept = purge(tmp_path, settings, today=utc_datetime(AT_NS + 2 * 86_400 * SECOND).date())
    assert "media" not in kept.days
    assert seen(tmp_path, "T1") == [(1, "drop:20.jpg", STORED)]
    done = purge(tmp_path, settings, today=utc_datetime(AT_NS + 3 * 86_400 * SECOND).date())
    assert [str(day) for day in done.days["media"]] == ["2026-03-20"]
    assert done.records >= 1
    assert seen(tmp_path, "T1") == []
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert DayKeys(tmp_path / "keys").days("media") == []
    again = worker_of(tmp_path, [row(1, "drop:20.jpg"), row(2, "drop:60.jpg")], Fetches(), encrypted=True)
    work(again)  # the row is behind the cursor, and a late one of that day is not stored
    assert again.book.counts() == {DEAD: 1}
    again.close()


def test_a_file_without_hash_and_size_is_known_by_its_content_once_it_is_stored(tmp_path: Path) -> None:
    """As SAPIENT refers to files. Two of them are two rows, even where both are fetched in one round."""
    rows = [row(1, "drop:20.jpg", sha256=None, size=None), row(2, "drop:60.jpg", sha256=None, size=None)]
    fetches = Fetches()
    worker = worker_of(tmp_path, rows, lambda uri, size: fetches(uri, size or 2**31))
    work(worker)
    found = worker.book.pictures_of(["T1", "T2"], [])
    expected = [FILES["drop:60.jpg"], FILES["drop:20.jpg"]]
    assert [(one.state, one.sha256, one.size) for one in found] == [
        (STORED, sha256(data).hexdigest(), len(data)) for data in expected
    ]
    assert [worker.vault.get(one.sha256, one.observed_ns) for one in found] == expected
    worker.close()


def test_a_clip_is_stored_as_it_came_and_never_decoded(tmp_path: Path) -> None:
    clip = mp4_file(b"no frames that any decoder would take")
    stated = {"sha256": sha256(clip).hexdigest(), "type": "video/mp4", "size": len(clip)}
    worker = worker_of(tmp_path, [row(1, "drop:20.jpg", **stated)], lambda *_: clip)
    work(worker)
    (found,) = worker.book.pictures_of(["T1"], [])
    assert (found.state, found.media_type, found.width, found.height) == (STORED, "video/mp4", None, None)
    assert worker.vault.get(found.sha256, found.observed_ns) == clip
    worker.close()


def test_the_still_of_a_look_comes_from_the_action_in_the_journal(tmp_path: Path) -> None:
    data = FILES["drop:20.jpg"]
    still = WireMedia(
        "drop:20.jpg", "image/jpeg", sha256(data).hexdigest(), len(data), observed_at=utc_datetime(AT_NS + 5 * SECOND)
    )
    look = StatedLook("L-1", "cam-3", 90.0, 2.0, "done", elevation_deg=-3.5, still=still)
    reply = Reply("ops-centre", 7, 4, utc_datetime(AT_NS + 9 * SECOND), "look", "A", "automatic", incident="I1",
                  action_id="L-1.done", look=look)  # fmt: skip
    raw = encode_unit(reply)
    at_ns = AT_NS + 9 * SECOND
    rows = [JournalRow(1, "action", "ops-centre", 7, 4, at_ns, at_ns, None, "application/json", raw, True)]
    worker = worker_of(tmp_path, rows, Fetches())
    work(worker)
    (found,) = worker.book.pictures_by("cam-3", AT_NS, AT_NS + 60 * SECOND)
    assert (found.state, found.azimuth_deg, found.observed_ns, found.uri) == (
        STORED, 90.0, AT_NS + 9 * SECOND, "drop:20.jpg"
    ), "the clock of the camera is behind"  # fmt: skip
    worker.close()


def look_of(unit: str, observed_ns: int, seq: int) -> JournalRow:
    still = WireMedia("drop:20.jpg", "image/jpeg", observed_at=utc_datetime(observed_ns))
    look = StatedLook("L-1", "cam-3", 90.0, 2.0, "done", still=still)
    reply = Reply(unit, 7, seq, utc_datetime(AT_NS), "look", "A", "automatic", incident="I1", look=look)
    return JournalRow(seq, "action", unit, 7, seq, AT_NS, AT_NS, None, "application/json", encode_unit(reply), True)


def test_a_unit_in_the_field_adds_no_picture_in_the_name_of_a_camera(tmp_path: Path) -> None:
    worker = worker_of(tmp_path, [look_of("patrol-1", AT_NS, 4)], Fetches())
    work(worker)
    assert worker.book.counts() == {}
    worker.close()


@pytest.mark.parametrize("away_s", [-90_000, 1, 10**9])
def test_a_still_of_a_look_has_the_time_of_its_look_where_it_states_one_that_cannot_be(
    tmp_path: Path, away_s: int
) -> None:
    """The day of a picture decides when it is erased."""
    worker = worker_of(tmp_path, [look_of("ops-centre", AT_NS + away_s * SECOND, 4)], Fetches())
    work(worker)
    (found,) = worker.book.pictures_by("cam-3", 0, 2**62)
    assert found.observed_ns == AT_NS
    worker.close()
