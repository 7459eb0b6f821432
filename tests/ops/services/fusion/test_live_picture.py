"""The live picture says what is known of each track, in values that JSON can hold."""

from __future__ import annotations

import json
from pathlib import Path

from ops.journal.reader import JournalReader
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import UNKNOWN_BELOW, tracks_live
from ops.services.fusion.pipeline import Pipeline
from sensors.scan import CLASSES


def test_every_track_has_the_probability_of_each_class_and_the_sensors_that_saw_it(
    hill_ground: OpenSector, hill_journal: Path
) -> None:
    pipeline, pictures = Pipeline(hill_ground), []
    with JournalReader(hill_journal) as journal:
        for number, row in enumerate(journal.read(0, 10_000)):
            pipeline.take(row)
            if number % 50 == 0:
                pictures += tracks_live(pipeline, hill_ground.frame)
    assert pictures
    known = {sensor.id for sensor in hill_ground.layout}
    for track in json.loads(json.dumps(pictures)):
        shares = track["class_probability"]
        assert tuple(shares) == CLASSES
        assert abs(sum(shares.values()) - 1) <= 0.005 / 2 + 1e-9  # five values rounded to 0.001
        assert max(shares.values()) == track["label_probability"]
        likely = max(shares, key=shares.get)
        if abs(track["label_probability"] - UNKNOWN_BELOW) > 0.0005:  # nearer than that, rounding decides
            assert track["label"] == (likely if track["label_probability"] > UNKNOWN_BELOW else "unknown")
        assert set(track["sensors"]) <= known
        assert len(set(track["sensors"])) == len(track["sensors"])
    assert all(track["sensors"] for track in pictures if track["status"] == "confirmed")
