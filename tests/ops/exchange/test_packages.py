"""A package is imported as a whole and as agreed, or refused with the reason, and then nothing of it is stored."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.exchange.format import package as packages
from ops.exchange.format.manifest import encoded, signature_of
from ops.exchange.format.package import MANIFEST, PRODUCT, SIGNATURE, opened, packed
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import SharingConditions, withdraw
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.exchange.take import PackageReceiver
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import KEYS, LAYERS, NOW, incidents, package, receiver, sender

ONLY = {"layers": {"incidents": LAYERS["incidents"]}}


def take(receiver: PackageReceiver, content: bytes, now: Any = NOW) -> Any:
    return receiver.receive(content, now)[1]


def refused(receiver: PackageReceiver, content: bytes, now: Any = NOW) -> PackageRefused:
    """The refusal, after which the store is as before."""
    before = stored(receiver)
    with pytest.raises(PackageRefused) as caught:
        receiver.receive(content, now)
    assert stored(receiver) == before
    return caught.value


def stored(receiver: PackageReceiver) -> list[Any]:
    store = ReceivedStore(receiver.data)
    try:
        database = store._database
        return [database.execute(f"SELECT * FROM {table}").fetchall() for table in ("packages", "records", "withdrawn")]
    finally:
        store.close()


def changed(content: bytes, *, key: str = "north", product: bytes | None = None, **fields: Any) -> bytes:
    """The package with other fields of the manifest, signed again with a key."""
    found = opened(content)
    old = found.product() if product is None else product
    manifest = msgspec.structs.replace(found.manifest, **fields)
    if product is not None:
        manifest = msgspec.structs.replace(manifest, sha256=sha256(product).hexdigest(), bytes=len(product))
    return packed(manifest, old, KEYS[key])


def edited(content: bytes, *statements: str) -> bytes:
    """The package with its GeoPackage changed by SQL, signed again by its origin."""
    database = sqlite3.connect(":memory:")
    database.deserialize(opened(content).product())
    for statement in statements:
        database.execute(statement)
    database.commit()
    return changed(content, product=database.serialize())


def test_a_package_is_read_by_gdal_and_holds_the_agreed_fields_only(tmp_path: Path) -> None:
    made = package(tmp_path / "north")
    (tmp_path / "product.gpkg").write_bytes(opened(made.content).product())
    assert pyogrio.list_layers(tmp_path / "product.gpkg").tolist() == [["incidents", "Point"]]
    found = pyogrio.read_dataframe(tmp_path / "product.gpkg", layer="incidents")
    assert list(found.columns) == ["id", "source", "kind", "state", "opened_at", "section", "geometry"]
    assert set(found["opened_at"].astype(str)) == {"2026-03-20 11:00:00+00:00"}, "11:07:33 in steps of 10 min"
    assert set(found["source"]) == {"north"}


def test_positions_are_the_centres_of_cells(tmp_path: Path) -> None:
    """UTM zone 16 N, cells of 1,000 m: centres are at 500 m, by PROJ's own transformation."""
    from pyproj import Transformer

    found = opened(package(tmp_path / "north").content)
    (tmp_path / "product.gpkg").write_bytes(found.product())
    shapes = pyogrio.read_dataframe(tmp_path / "product.gpkg", layer="incidents").geometry
    easting, northing = Transformer.from_crs(4326, 32616, always_xy=True).transform(shapes.x, shapes.y)
    for metres in (*easting, *northing):
        assert metres % 1000.0 == pytest.approx(500.0, abs=0.02)
    exact = Transformer.from_crs(4326, 32616, always_xy=True).transform([-84.21, -84.25], [36.61, 36.55])
    assert max(abs(a - b) for a, b in zip(sorted(easting), sorted(exact[0]), strict=True)) <= 500.02


def test_a_package_is_imported_with_its_origin_and_conditions(tmp_path: Path) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    done = take(south, package(tmp_path / "north", onward=("east",)).content)
    assert (done.stored, done.left_out, done.removed) == (2, 0, 0)
    store = ReceivedStore(south.data)
    (one,) = store.packages()
    rows = list(store.records("north", 1, "incidents"))
    store.close()
    assert (one.origin, one.number, one.state, one.manifest.onward) == ("north", 1, "in_force", ("east",))
    assert {row["source"] for row in rows} == {"north"}
    assert {row["opened_at"] for row in rows} == {"2026-03-20T11:00:00Z"}
    assert {"lon", "lat", "kind", "state", "section", "id", "source", "opened_at"} == set(rows[0])


def test_the_same_records_number_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (package(tmp_path / name) for name in ("first", "second"))
    assert one.content == other.content


def test_two_partners_cannot_compare_the_names_of_records(tmp_path: Path) -> None:
    from ops.exchange.products import pseudonym

    assert pseudonym(b"s" * 32, "south", "i1") == pseudonym(b"s" * 32, "south", "i1")
    assert (
        len(
            {
                pseudonym(b"s" * 32, "south", "i1"),
                pseudonym(b"s" * 32, "east", "i1"),
                pseudonym(b"t" * 32, "south", "i1"),
            }
        )
        == 3
    )


def test_replayed_and_older_packages_are_refused(tmp_path: Path) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    first, second = package(tmp_path / "north"), package(tmp_path / "north")
    take(south, second.content)
    for one in (second, first):
        error = refused(south, one.content)
        assert error.reason == "replayed"
        assert "above 2" in str(error)


def test_a_notice_of_withdrawal_that_arrives_late_is_followed_once(tmp_path: Path) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    take(south, package(tmp_path / "north").content)
    maker = sender(tmp_path / "north", **ONLY)
    notices = [withdraw(maker, packages=[1], records=[], reason="error")[0] for _ in range(2)]
    last = package(tmp_path / "north", incidents((-84.15, 36.65)))
    take(south, last.content)
    store = ReceivedStore(south.data)
    assert list(store.missing_before("north", 4)) == [2, 3]
    assert take(south, notices[1].content).removed == 2
    assert list(store.missing_before("north", 3)) == [2]
    assert list(store.missing_before("north", 4)) == []
    assert [one.state for one in store.packages()] == ["withdrawn", "in_force", "in_force"]
    store.close()
    assert refused(south, notices[1].content).reason == "replayed"
    assert take(south, notices[0].content).removed == 0
    assert refused(south, last.content).reason == "replayed"


CASES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("forged", lambda c: changed(c, key="east"), "signature.json"),
    ("unknown_origin", lambda c: changed(c, origin="west"), "west"),
    ("wrong_recipient", lambda c: changed(c, recipient="east"), "east"),
    ("from_the_future", lambda c: changed(c, made_at=NOW + timedelta(minutes=6)), "made at"),
    ("expired", lambda c: changed(c, expires_at=NOW), "expired at"),
    ("no_agreement", lambda c: changed(c, agreement="other"), "other"),
    ("unknown_marking", lambda c: changed(c, marking="secret"), "secret"),
    ("malformed", lambda c: changed(c, number=0), "number"),
    ("malformed", lambda c: changed(c, form="watchline/2/exchange"), "form"),
    ("too_large", lambda c: changed(c, bytes=10**12), "bytes"),
    ("forged", lambda c: changed(c, sha256="0" * 64), "SHA-256"),
    ("not_agreed", lambda c: changed(c, grid=msgspec.structs.replace(opened(c).manifest.grid, cell_m=100.0)), "grid"),
    ("not_agreed", lambda c: edited(c, "ALTER TABLE incidents ADD COLUMN owner TEXT"), "owner"),
    ("not_agreed", lambda c: edited(c, "CREATE TABLE extra (a)"), "extra"),
    ("not_agreed", lambda c: edited(c, "CREATE VIEW more AS SELECT 1"), "more"),
    ("forged", lambda c: edited(c, "DELETE FROM incidents WHERE fid = 1"), "number of records"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET source = 'east' WHERE fid = 2"), "incidents row 2 source"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET opened_at = 'soon'"), "incidents row 1 opened_at"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET opened_at = '0001-01-01T00:00:00Z'"), "a year from 1971"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET id = '' WHERE fid = 1"), "incidents row 1 id"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET section = char(8238) || 'x'"), "incidents row 1 section"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET geom = x'00' WHERE fid = 2"), "incidents row 2 geometry"),
    ("bad_row", lambda c: edited(c, "UPDATE incidents SET kind = 7 WHERE fid = 1"), "incidents row 1 kind"),
    ("malformed", lambda c: changed(c, product=b"SQLite format 3\0" + b"x" * 500), "GeoPackage"),
    ("malformed", lambda c: edited(c, "UPDATE incidents SET section = printf('%.*c', 30000, 'x')"), "GeoPackage"),
    ("malformed", lambda c: c[:-1], "package"),
    ("malformed", lambda c: b"", "too short"),
    ("malformed", lambda c: with_file(c, "../../outside"), "outside"),
    ("malformed", lambda c: with_file(c, "/etc/outside"), "outside"),
    ("malformed", lambda c: with_file(c, MANIFEST), "manifest.json"),
]  # fmt: skip


def with_file(content: bytes, name: str) -> bytes:
    """The package with another name for its product."""
    found, archive = opened(content), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for one, part in ((MANIFEST, found.body), (SIGNATURE, found.signature), (name, found.product())):
            file.writestr(one, part)
    return archive.getvalue()


@pytest.mark.parametrize(("reason", "change", "words"), CASES, ids=lambda one: one if isinstance(one, str) else "")
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_package_that_is_not_as_agreed_is_refused_and_leaves_nothing(
    tmp_path: Path, reason: str, change: Callable[[bytes], bytes], words: str
) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    error = refused(south, change(package(tmp_path / "north").content))
    assert error.reason == reason
    assert words in str(error)
    assert set(tmp_path.rglob("outside")) == set()


def test_an_ended_agreement_refuses_products_but_not_withdrawals(tmp_path: Path) -> None:
    made = package(tmp_path / "north")
    south = receiver(tmp_path / "south", **ONLY)
    take(south, made.content)
    ended = receiver(tmp_path / "south", **ONLY, until=NOW)
    assert refused(ended, package(tmp_path / "north").content).reason == "no_agreement"
    notice, concerned = withdraw(sender(tmp_path / "north", **ONLY), packages=[1], records=[], reason="error")
    assert concerned == [1]
    assert take(ended, notice.content).removed == 2


def test_a_row_off_the_grid_or_outside_the_area_is_refused(tmp_path: Path) -> None:
    """The origin signed it, but under an agreement with another grid or area."""
    south = receiver(tmp_path / "south", **ONLY, area=(-84.3, 36.6, -84.1, 36.7))
    error = refused(south, package(tmp_path / "north").content)
    assert (error.reason, "agreed area" in str(error)) == ("bad_row", True)
    finer = opened(package(tmp_path / "north", grid_m=500.0).content)
    coarse = msgspec.structs.replace(finer.manifest.grid, cell_m=1000.0)
    disguised = packed(msgspec.structs.replace(finer.manifest, grid=coarse), finer.product(), KEYS["north"])
    error = refused(receiver(tmp_path / "other", **ONLY), disguised)
    assert (error.reason, "centre of a cell" in str(error)) == ("bad_row", True)


def test_a_marking_is_translated_by_the_agreement(tmp_path: Path) -> None:
    conditions = SharingConditions("confidential", (), nanoseconds(NOW + timedelta(days=1)))
    made = package(tmp_path / "north", conditions=conditions)
    south = receiver(tmp_path / "south", levels=("restricted",), **ONLY, markings={"confidential": "restricted"})
    take(south, made.content)
    store = ReceivedStore(south.data)
    assert [one.marking for one in store.packages()] == ["restricted"]
    store.close()
    unknown = receiver(tmp_path / "south2", levels=("other",), **ONLY, markings={"confidential": "restricted"})
    assert refused(unknown, made.content).reason == "unknown_marking"


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 MB of zeros are 50 kB in the archive; no more than the signed size is read."""
    found = opened(package(tmp_path / "north").content)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, found.body)
        archive.writestr(SIGNATURE, found.signature)
        archive.writestr(PRODUCT, bytes(50_000_000))
    asked: list[int] = []
    read = packages._read
    monkeypatch.setattr(packages, "_read", lambda a, name, most: (asked.append(most), read(a, name, most))[1])
    error = refused(receiver(tmp_path / "south", **ONLY), bomb.getvalue())
    assert error.reason == "too_large"
    assert max(asked[2:]) == found.manifest.bytes


def test_a_directory_of_many_files_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(100):
            archive.writestr(f"f{number}", b"")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(PackageRefused, match="100 entries"):
        opened(many.getvalue())


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_refused_or_changes_nothing_that_is_signed(shared: bytes, data: st.DataObject) -> None:
    """Whatever byte is changed: refused with one of our errors, or manifest, signature and product are the same."""
    at = data.draw(st.integers(0, len(shared) - 1))
    value = data.draw(st.integers(0, 255))
    whole = opened(shared)
    try:
        found = opened(shared[:at] + bytes([value]) + shared[at + 1 :])
        product = found.product()
    except PackageRefused:
        return
    same = (found.body, product) == (whole.body, whole.product())
    assert same or found.body != whole.body
    if found.body != whole.body:
        from ops.exchange.format.manifest import is_signed_by

        key = KEYS["north"].private.public_key()
        assert not is_signed_by(found.manifest, found.body, found.signature, key)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return package(tmp_path_factory.mktemp("exchange") / "north").content


def test_a_withdrawn_record_is_removed_remembered_and_not_sent_again(tmp_path: Path) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    take(south, package(tmp_path / "north").content)
    maker = sender(tmp_path / "north", **ONLY)
    notice, concerned = withdraw(maker, packages=[], records=["CANARY-incident-1"], reason="wrong person")
    assert concerned == [1]
    assert take(south, notice.content).removed == 1
    store = ReceivedStore(south.data)
    (left,) = store.records("north", 1, "incidents")
    (gone,) = notice.manifest.withdraws.records  # type: ignore[union-attr]
    assert store.is_withdrawn("north", gone)
    assert left["id"] != gone
    store.close()
    again = take(south, package(tmp_path / "north").content)  # the sender by mistake sends it again
    assert (again.stored, again.left_out) == (1, 1)
    sent = SentStore(maker.data)
    assert sent.withdrawn("south") == {gone}
    sent.close()


def test_what_was_withdrawn_is_in_no_file_of_the_recipient(tmp_path: Path) -> None:
    rows = incidents((-84.21, 36.61))
    rows["section"] = ["Unmistakable gorge"]
    south = receiver(tmp_path / "south", **ONLY)
    take(south, package(tmp_path / "north", rows).content)

    def held() -> bool:
        return any(b"Unmistakable gorge" in path.read_bytes() for path in south.data.rglob("*") if path.is_file())

    assert held()
    notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[1], records=[], reason="error")
    take(south, notice.content)
    assert not held()


def test_expired_records_are_erased(tmp_path: Path) -> None:
    south = receiver(tmp_path / "south", **ONLY)
    take(south, package(tmp_path / "north", keep_days=2).content)
    AuditLog(south.data / "audit").close()
    store = ReceivedStore(south.data)
    assert store.forget_expired(nanoseconds(NOW + timedelta(days=2)) - 1) == 0
    assert store.forget_expired(nanoseconds(NOW + timedelta(days=2))) == 2
    assert [one.state for one in store.packages()] == ["expired"]
    store.close()
    (entry,) = each_entry(south.data / "audit", EntryFilter(operation="erasure"))
    assert (entry.person, entry.role, entry.what) == ("watchline", "system", "retention"), "as of no person"


def test_nothing_is_imported_where_the_audit_log_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops.audit.entry import AuditError

    def full(*_: Any, **__: Any) -> None:
        raise AuditError("the disk is full.")

    monkeypatch.setattr("ops.exchange.take.record_command", full)
    south = receiver(tmp_path / "south", **ONLY)
    before = stored(south)
    with pytest.raises(AuditError):
        take(south, package(tmp_path / "north").content)
    assert stored(south) == before
    monkeypatch.setattr("ops.exchange.make.record_command", full)
    with pytest.raises(AuditError):
        package(tmp_path / "north")
    sent = SentStore(tmp_path / "north")
    assert len(sent.packages()) == 1, "the one above, before the log was full"
    sent.close()


def test_the_log_states_what_went_to_whom_and_why(tmp_path: Path) -> None:
    from ops.audit.log import AuditLog

    (tmp_path / "north").mkdir()
    AuditLog(tmp_path / "north" / "audit").close()
    made = package(tmp_path / "north")
    sent = SentStore(tmp_path / "north")
    (one,) = sent.packages("south")
    assert (one.person, one.purpose, one.records, one.sha256) == ("ana", "evaluation 12", 2, made.sha256)
    assert sent.path_of("south", 1).read_bytes() == made.content
    sent.close()
    log = AuditLog(tmp_path / "north" / "audit")
    (entry,) = log.entries()
    log.close()
    assert entry.operation == "disclosure"
    assert entry.purpose == "evaluation 12"
    for word in ("south", "agency of the south", "2 incidents", made.sha256):
        assert word in entry.subject


def test_the_signature_is_bound_to_origin_and_recipient(tmp_path: Path) -> None:
    found = opened(package(tmp_path / "north").content)
    other = msgspec.structs.replace(found.manifest, recipient="east")
    assert signature_of(other, encoded(found.manifest), KEYS["north"]) != found.signature
