"""Keys for each day and kind: what they encrypt can be read until they are erased, and never again."""

import threading
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.audit.day_keys import KEY_KINDS, ChangedRecord, DayKeyError, DayKeys, day_of, is_sealed, kind_of
from tests.patience import PATIENT_S

T0_NS = 1_773_522_000 * 10**9  # 2026-03-14T21:00:00Z
DAY_NS = 86_400 * 10**9
DAY = date(2026, 3, 14)


@pytest.fixture
def keys(tmp_path):
    return DayKeys(tmp_path / "keys")


@given(record=st.binary(max_size=300), about=st.binary(max_size=40), kind=st.sampled_from(KEY_KINDS))
def test_a_record_is_what_was_encrypted(tmp_path_factory, record, about, kind):
    keys = DayKeys(tmp_path_factory.mktemp("keys"))
    sealed = keys.seal(kind, T0_NS, record, about)
    assert is_sealed(sealed)
    assert (kind_of(sealed), day_of(sealed)) == (kind, DAY)
    assert DayKeys(keys.folder).open(sealed, about) == record


def test_what_is_not_encrypted_is_passed_as_it_is(keys):
    assert keys.open(b'{"sensor":"radar-1"}') == b'{"sensor":"radar-1"}'


def test_keys_are_files_of_their_own_for_their_owner_only(keys):
    keys.seal("detections", T0_NS, b"x")
    keys.seal("tracks", T0_NS, b"x")
    keys.seal("tracks", T0_NS + DAY_NS, b"x")
    names = sorted(path.name for path in keys.folder.iterdir())
    assert names == ["2026-03-14.detections", "2026-03-14.tracks", "2026-03-15.tracks"]
    assert {path.stat().st_mode & 0o777 for path in keys.folder.iterdir()} == {0o600}
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert keys.days("tracks") == [DAY, date(2026, 3, 15)]


def test_an_erased_day_cannot_be_read_and_others_can(keys):
    first, second = keys.seal("tracks", T0_NS, b"first"), keys.seal("tracks", T0_NS + DAY_NS, b"second")
    key = (keys.folder / "2026-03-14.tracks").read_bytes()
    assert keys.erase("tracks", DAY)
    assert keys.open(first) is None
    assert DayKeys(keys.folder).open(first) is None
    assert keys.open(second) == b"second"
    assert all(key not in path.read_bytes() for path in keys.folder.iterdir())
    assert keys.days("tracks") == [date(2026, 3, 15)]
    assert not keys.erase("tracks", DAY)


def test_no_record_of_an_erased_day_is_written_again(keys):
    keys.seal("tracks", T0_NS, b"x")
    keys.erase("tracks", DAY)
    with pytest.raises(DayKeyError, match="is erased"):
        keys.seal("tracks", T0_NS, b"x")


def test_another_process_forgets_an_erased_key(keys, monkeypatch):
    sealed, other = keys.seal("tracks", T0_NS, b"x"), DayKeys(keys.folder)
    assert other.open(sealed) == b"x"
    keys.erase("tracks", DAY)
    now = time.monotonic()
    monkeypatch.setattr("ops.audit.day_keys.time.monotonic", lambda: now + 31.0)
    assert other.open(sealed) is None


@given(st.data())
def test_a_changed_or_moved_record_is_not_read_as_another(tmp_path_factory, data):
    keys = DayKeys(tmp_path_factory.mktemp("keys"))
    sealed = bytearray(keys.seal("tracks", T0_NS, b"a record", b"T1"))
    original, at = bytes(sealed), data.draw(st.integers(5, len(sealed) - 1))
    with pytest.raises(ChangedRecord):
        keys.open(bytes(sealed), b"T2")
    sealed[at] ^= data.draw(st.integers(1, 255))
    if bytes(sealed[4:7]) != original[4:7]:  # another day or kind, which has no key
        assert keys.open(bytes(sealed), b"T1") is None
    else:
        with pytest.raises(ChangedRecord):
            keys.open(bytes(sealed), b"T1")


def test_two_writers_of_a_new_day_use_one_key(tmp_path):
    sealed, start = [], threading.Barrier(8)

    def write(number):
        keys = DayKeys(tmp_path / "keys")
        start.wait(PATIENT_S)
        sealed.append(keys.seal("tracks", T0_NS, b"%d" % number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT_S)
    keys = DayKeys(tmp_path / "keys")
    assert sorted(keys.open(one) for one in sealed) == [b"%d" % number for number in range(8)]
    assert [path.name for path in keys.folder.iterdir()] == ["2026-03-14.tracks"]
