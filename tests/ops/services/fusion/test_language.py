"""A room publishes in the language of its sector: in the store, which the API and the feeds read, and in exports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from geo.message import Message
from ops.journal.reader import JournalReader
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import ConfigError, load_sector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion, published_language
from ops.store.reader import Reader
from ops.store.writer import Store
from ops.words import MessageCatalogue
from tests.ops.words.pseudo_texts import is_plain


def published(ground: OpenSector, journal: Path, folder: Path) -> list[dict]:
    """All revisions of alerts that fusion published of a journal; and the export of the newest ones."""
    store = Store(folder / "store.db")
    fusion = Fusion(JournalReader(journal), store, ground, Settings(), ScenarioClock.live())
    while fusion.step():
        pass
    fusion.finish()
    reader = Reader(store.path)
    _, _, bodies = reader.alerts(limit=1000)
    reader.export_alerts_geojson(folder / "alerts.geojson")
    store.close()
    return [json.loads(body) for body in bodies]


def test_alerts_are_published_in_the_sectors_language_with_their_messages(
    hill_ground: OpenSector, hill_journal: Path, tmp_path: Path
) -> None:
    french = replace(hill_ground, sector=replace(hill_ground.sector, language="fr"))
    (tmp_path / "fr").mkdir()
    (tmp_path / "en").mkdir()
    alerts, english = (
        published(french, hill_journal, tmp_path / "fr"),
        published(hill_ground, hill_journal, tmp_path / "en"),
    )
    assert alerts
    words = MessageCatalogue.of("fr")
    for alert in alerts:
        assert alert["sentence"] == words.say(Message(**alert["message"]))
        assert alert["why_sentences"] == [words.say(Message(**one)) for one in alert["why"]]
        assert alert["detail_sentences"] == [words.say(Message(**one)) for one in alert["details"]]
    spoken = ("sentence", "detail_sentences", "why_sentences", "response_sentence", "reason")
    for one, other in zip(alerts, english, strict=True):
        assert one["sentence"] != other["sentence"]
        assert {name: one[name] for name in one if name not in spoken} == {
            name: other[name] for name in other if name not in spoken
        }, "nothing else depends on the language"
    features = json.loads((tmp_path / "fr" / "alerts.geojson").read_text())["features"]
    assert {feature["properties"]["id"] for feature in features} == {alert["id"] for alert in alerts}
    for feature in features:
        properties = feature["properties"]
        assert properties["message"]["id"].startswith("alert-")
        assert properties["sentence"] == words.say(Message(**properties["message"]))


def test_every_text_of_an_alert_is_in_the_catalogue(
    hill_ground: OpenSector, hill_journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the store, in ``alerts.geojson`` and in the records for the broker, beside the identifier of its message."""
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en-XA")
    alerts = published(hill_ground, hill_journal, tmp_path)
    exported = [one["properties"] for one in json.loads((tmp_path / "alerts.geojson").read_text())["features"]]
    rows = Reader(tmp_path / "store.db").outbox_after(0, limit=1000)
    records = [json.loads(row.body) for row in rows]
    assert len(records) >= len(alerts) >= len(exported) > 0
    for alert in (*alerts, *exported, *records):
        texts = [alert["sentence"], *alert["detail_sentences"], *alert["why_sentences"]]
        texts += [text for text in (alert["response_sentence"], alert.get("reason")) if text]
        assert [text for text in texts if is_plain(text)] == []
        assert alert["message"]["id"].startswith("alert-")


def test_the_sectors_language_goes_before_that_of_the_process(
    own_sector, hill_ground: OpenSector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHLINE_LANGUAGE", raising=False)
    assert published_language(hill_ground.sector) == "en"
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    assert published_language(hill_ground.sector) == "fr"
    own_sector.sector.write_text('language = "en"\n' + own_sector.sector.read_text())
    assert published_language(load_sector(own_sector.sector)) == "en"


def test_an_unknown_language_of_a_sector_is_refused(own_sector) -> None:
    own_sector.sector.write_text('language = "tlh"\n' + own_sector.sector.read_text())
    with pytest.raises(ConfigError, match="language = 'tlh'; expected 'en' or 'fr'"):
        load_sector(own_sector.sector)
