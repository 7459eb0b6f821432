"""Recordings in CSV and GeoParquet become journals; what ingest would refuse is named by row and column."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
from rich.console import Console
from shapely.geometry import Point

from geo.errors import BadInput
from ingest.receiving.receiver import Receiver
from ingest.recordings import RecordingError, rows_of_csv, scans_of
from ops.journal.decode_row import scan_of_row
from ops.journal.import_recording import import_recording
from ops.journal.reader import JournalReader
from ops.room.offline import replay_journal

HEADER = "sensor,observed_at,received_at,kind,range_m,azimuth_deg,lon,lat,position_sd_m,class,source_id\n"
ROWS = (
    "r1,2026-03-14T21:00:00Z,2026-03-14T21:00:00.4Z,radar,1000,90,,,,person,T1\n"
    "r1,2026-03-14T21:00:00Z,,radar,1200,95,,,,,T2\n"
    "\n"
    "g1,2026-03-14T21:00:01.5,,ground_sensor,,,,,,,\n"
    "c1,2026-03-14T23:00:02+02:00,,camera,,12.5,,,,vehicle,\n"
    "r1,2026-03-14T21:00:03Z,,radar,,,8.25,47.5,30,,\n"
)
SILENT = Console(quiet=True)


def scans(text: str, **keywords: Any) -> Any:
    return scans_of(rows_of_csv(text, where="night.csv"), where="night.csv", **keywords)


def test_rows_of_one_sensor_and_time_are_one_scan() -> None:
    found = scans(HEADER + ROWS)
    assert [(scan.sensor, scan.sequence, len(scan.plots), scan.kind) for scan in found] == [
        ("r1", 1, 2, "radar"),
        ("g1", 1, 1, "ground_sensor"),
        ("c1", 1, 1, "camera"),
        ("r1", 2, 1, "radar"),
    ]
    first = found[0]
    assert first.received_at - first.observed_at == timedelta(milliseconds=400)
    assert (first.plots[0].classes, first.plots[0].source_id, first.plots[1].classes) == ({"person": 1.0}, "T1", {})
    assert found[2].observed_at == datetime(2026, 3, 14, 21, 0, 2, tzinfo=UTC)
    assert found[1].plots[0].range_m is None  # a trigger
    assert (found[3].plots[0].lon, found[3].plots[0].position_sd_m) == (8.25, 30.0)


ONE = "sensor,observed_at,range_m,azimuth_deg\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'sensor'"),
        ("sensor,range_m\n", "no column 'observed_at'"),
        ("sensor,observed_at,colour\n", "column 'colour' is unknown"),
        ("sensor,observed_at,lon,lon\n", "column 'lon' is there twice"),
        (ONE + "r1,2026-03-14T21:00:00Z,1\n", "row 2: 3 cells"),
        (ONE + 'r1,"2026-03-14T21:00:00Z,1,2\n', "night.csv, row"),
        (ONE + "r1,2026-03-14T21:00:00Z,1,2\nr1,soon,1,2\n", "row 3: observed_at is 'soon'"),
        (ONE + "r1,,1,2\n", "observed_at is empty"),
        (ONE + "r/1,2026-03-14T21:00:00Z,1,2\n", "sensor"),
        (ONE + "r1,2026-03-14T21:00:00Z,far,2\n", "range_m is 'far'"),
        (ONE + "r1,2026-03-14T21:00:00Z,-1,2\n", "range_m: "),
        (ONE + "r1,2026-03-14T21:00:00Z,inf,2\n", "range_m: "),
        (ONE + "r1,2026-03-14T21:00:00Z,1,\n", "azimuth_deg: missing with range_m"),
        (ONE + "r1,2026-03-14T21:00:00Z,1,360\n", "azimuth_deg: "),
        (
            "sensor,observed_at,kind\nr1,2026-03-14T21:00:00Z,radar\nr1,2026-03-14T21:00:00Z,camera\n",
            "row 3: a scan both of kind radar and of kind camera",
        ),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(RecordingError) as caught:
        scans(text, kind="radar")
    assert words in str(caught.value)
    assert str(caught.value).startswith("night.csv")


def test_a_kind_is_needed_and_may_come_from_the_option() -> None:
    text = ONE + "r1,2026-03-14T21:00:00Z,1,2\n"
    assert scans(text, kind="camera")[0].kind == "camera"
    with pytest.raises(RecordingError, match="kind is None"):
        scans(text)
    with pytest.raises(RecordingError, match="kind is 'sonar'"):
        scans(text, kind="sonar")


MEASURED = ("range_m", "range_sd_m", "azimuth_deg", "azimuth_sd_deg", "elevation_deg", "elevation_sd_deg", "lon", "lat",
            "position_sd_m", "confidence")  # fmt: skip


def dense(detections: int) -> str:
    """One scan, each of whose rows could be sent by itself."""
    row = "r1,2026-03-14T21:00:00Z" + ",0.12345678901234567" * len(MEASURED) + "\n"
    return (
        ",".join(("sensor", "observed_at", *MEASURED))
        + "\ng1,2026-03-14T21:00:00Z"
        + "," * 10
        + "\n"
        + row * detections
    )


def test_a_scan_larger_than_a_message_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text(dense(1_000))
    with pytest.raises(RecordingError) as caught:
        import_recording(tmp_path / "night.csv", tmp_path / "j.db", sector_id="a", kind="radar", screen=SILENT)
    assert str(caught.value).startswith("night.csv, row 3: the scan of r1 at 2026-03-14T21:00:00Z: ")
    assert not (tmp_path / "j.db").exists()
    (tmp_path / "night.csv").write_text(dense(750))
    found = import_recording(tmp_path / "night.csv", tmp_path / "j.db", sector_id="a", kind="radar", screen=SILENT)
    assert (found["scans"], found["detections"]) == (2, 751)


def test_a_journal_holds_the_scans_and_the_time_between(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text(HEADER + ROWS)
    out = tmp_path / "night.db"
    found = import_recording(tmp_path / "night.csv", out, sector_id="hills", kind=None, screen=SILENT)
    assert (found["scans"], found["detections"], found["sensors"]) == (4, 5, ["c1", "g1", "r1"])
    with JournalReader(out) as journal:
        rows = journal.read()
    assert [row.kind for row in rows] == [
        "tick", "detections", "tick", "detections", "detections", "tick", "detections", "tick",
    ]  # fmt: skip
    assert [row.received_ns for row in rows] == sorted(row.received_ns for row in rows)
    assert scan_of_row(rows[1]).plots[0].range_m == 1000.0
    with pytest.raises(BadInput, match="already exists"):
        import_recording(tmp_path / "night.csv", out, sector_id="hills", kind=None, screen=SILENT)


def test_an_import_that_is_interrupted_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "night.csv").write_text(HEADER + ROWS)
    handled: list[Any] = []

    def interrupted(receiver: Receiver, batch: Any) -> Any:
        handled.append(batch)
        if len(handled) == 2:
            raise KeyboardInterrupt
        return handle(receiver, batch)

    handle = Receiver.handle
    with monkeypatch.context() as patch:
        patch.setattr(Receiver, "handle", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_recording(tmp_path / "night.csv", tmp_path / "j.db", sector_id="hills", kind=None, screen=SILENT)
    assert [path.name for path in tmp_path.iterdir()] == ["night.csv"]
    (tmp_path / "j.db.partial").write_bytes(b"of a process that was killed")
    found = import_recording(tmp_path / "night.csv", tmp_path / "j.db", sector_id="hills", kind=None, screen=SILENT)
    assert found["scans"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j.db", "night.csv"]


def test_the_same_in_geoparquet_in_another_system(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"sensor": ["r1", "r1"], "observed_at": pd.to_datetime(["2026-03-14T21:00:00Z", "2026-03-14T21:00:01Z"]),
         "position_sd_m": [30.0, 20.0], "source_id": ["T1", None]},
        geometry=[Point(8.25, 47.5), Point(8.26, 47.5)], crs=4326,
    ).to_crs(32632)  # fmt: skip
    frame.to_parquet(tmp_path / "night.parquet")
    found = import_recording(
        tmp_path / "night.parquet", tmp_path / "j.db", sector_id="hills", kind="radar", screen=SILENT
    )
    assert (found["scans"], found["first"]) == (2, "2026-03-14T21:00:00Z")
    with JournalReader(tmp_path / "j.db") as journal:
        plots = [scan_of_row(row).plots[0] for row in journal.read() if row.kind == "detections"]
    assert [(plot.source_id, plot.position_sd_m) for plot in plots] == [("T1", 30.0), (None, 20.0)]
    assert (plots[0].lon, plots[0].lat) == (pytest.approx(8.25), pytest.approx(47.5))


def test_a_plain_parquet_file_is_a_table_too(tmp_path: Path) -> None:
    table = pd.DataFrame({"sensor": ["r1"], "observed_at": ["2026-03-14T21:00:00Z"], "azimuth_deg": [5.0]})
    table.to_parquet(tmp_path / "night.parquet")
    out = tmp_path / "j.db"
    assert import_recording(tmp_path / "night.parquet", out, sector_id="a", kind="camera", screen=SILENT)["scans"] == 1


@pytest.mark.parametrize("name", ["nothing.csv", "nothing.parquet", "bytes.csv", "bytes.parquet", "empty.csv"])
def test_a_file_that_is_none_leaves_no_journal(tmp_path: Path, name: str) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "bytes.parquet").write_bytes(b"PAR1" + b"\x00" * 50)
    (tmp_path / "empty.csv").write_text(HEADER)
    with pytest.raises(RecordingError):
        import_recording(tmp_path / name, tmp_path / "j.db", sector_id="a", kind="radar", screen=SILENT)
    assert not (tmp_path / "j.db").exists()


SPARSE = "".join(
    f"{sensor},2026-03-14T21:{minute:02d}:{second:02d}Z,{kind},{plot}\n"
    for sensor, kind, plot, moments in (
        ("radar-mid", "radar", "1000,90", [(0, 0), (0, 3), (0, 6), (4, 0), (4, 3), (12, 0)]),
        ("camera-west", "camera", ",180", [(1, 30), (11, 0)]),
        ("ground-1", "ground_sensor", ",", [(6, 15)]),
    )
    for minute, second in moments
)
"""Twelve minutes of detections only: gaps of minutes in which nobody moved."""


def silences_of(text: str, sector: Any, folder: Path, **how: Any) -> tuple[dict[str, Any], list[str]]:
    """What the import says, and the sensors of which a replay reports silence, once for each."""
    folder.mkdir()
    (folder / "night.csv").write_text(text)
    told = import_recording(folder / "night.csv", folder / "j.db", sector_id="hills", kind=None, screen=SILENT, **how)
    replay_journal(folder / "j.db", str(sector.sector), None, folder / "out", settings=None, screen=SILENT)
    alerts = json.loads((folder / "out" / "alerts.geojson").read_text())["features"]
    silent = [one["properties"] for one in alerts if one["properties"]["rule"] == "sensor_offline"]
    return told, sorted(one["sensor"] for one in silent)


def test_gaps_of_a_recording_without_empty_scans_are_no_silences(hill_sector: Any, tmp_path: Path) -> None:
    header = "sensor,observed_at,kind,range_m,azimuth_deg\n"
    told, silent = silences_of(header + SPARSE, hill_sector, tmp_path / "plain")
    assert silent == []
    assert told["without_empty_scans"] == ["camera-west", "ground-1", "radar-mid"]
    assert told["silent_after_s"] is None
    assert told["heartbeats"] > 0
    assert (told["scans"], told["detections"]) == (9, 9), "nothing is added to what was seen"


def test_the_caller_says_which_gaps_are_silences(hill_sector: Any, tmp_path: Path) -> None:
    """Above 6 min: radar-mid's 4:03 to 12:00 and camera-west's 1:30 to 11:00; ground-1 is within 6:15 of either end."""
    header = "sensor,observed_at,kind,range_m,azimuth_deg\n"
    told, silent = silences_of(header + SPARSE, hill_sector, tmp_path / "said", silent_after_s=380.0)
    assert told["silences"] == {"camera-west": 1, "ground-1": 0, "radar-mid": 1}
    assert silent == ["camera-west", "radar-mid"]


def test_a_sensor_with_empty_scans_says_its_silences_itself(hill_sector: Any, tmp_path: Path) -> None:
    header = "sensor,observed_at,kind,range_m,azimuth_deg,empty\n"
    rows = "".join(line + ",\n" for line in SPARSE.splitlines() if not line.startswith("radar-mid"))
    looks = "".join(
        f"radar-mid,2026-03-14T21:{second // 60:02d}:{second % 60:02d}Z,radar,,,true\n"
        for second in [*range(0, 240, 3), *range(480, 721, 3)]
    )
    told, silent = silences_of(header + rows + looks, hill_sector, tmp_path / "empty")
    assert told["without_empty_scans"] == ["camera-west", "ground-1"]
    assert told["empty_scans"] == 161
    assert silent == ["radar-mid"], "four minutes without a look, as recorded"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("r1,2026-03-14T21:00:00Z,1,2,true\n", "an empty scan with range_m"),
        ("r1,2026-03-14T21:00:00Z,1,2,maybe\n", "empty is 'maybe'"),
        (
            "r1,2026-03-14T21:00:00Z,1,2,\nr1,2026-03-14T21:00:00Z,,,true\n",
            "row 3: a scan both empty and with detections",
        ),
        (
            "r1,2026-03-14T21:00:00Z,,,true\nr1,2026-03-14T21:00:00Z,1,2,\n",
            "row 3: a scan both empty and with detections",
        ),
    ],
)
def test_an_empty_scan_that_is_none_is_refused(rows: str, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        scans("sensor,observed_at,range_m,azimuth_deg,empty\n" + rows, kind="radar")


@pytest.mark.parametrize("silent_after_s", [0.0, 4.9, float("nan"), float("inf"), -1.0])
def test_a_silence_that_cannot_be_told_is_refused(tmp_path: Path, silent_after_s: float) -> None:
    (tmp_path / "night.csv").write_text(HEADER + ROWS)
    with pytest.raises(BadInput, match="--silent-after"):
        import_recording(
            tmp_path / "night.csv", tmp_path / "j.db", sector_id="a", kind=None, screen=SILENT,
            silent_after_s=silent_after_s,
        )  # fmt: skip
    assert not (tmp_path / "j.db").exists()
