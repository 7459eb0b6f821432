"""A relative path of the settings begins at the settings file, wherever the command is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import BadInput
from ops.sector.setting_tables.paths import PATHS
from ops.sector.settings import load_settings

SETTINGS = """
[audit]
witness = "{0}witness"
[exchange]
agreements = "{0}agreements.toml"
identity = "{0}identity"
[media]
drop = "{0}drop"
[goods]
codes = "{0}codes.csv"
[cue]
cameras = ["cam-3"]
[cue.onvif.cam-3]
address = "https://10.20.0.7"
credentials = "{0}cam-3.secret"
authority = "{0}tls/ca.pem"
[[feeds.cot.servers]]
name = "tak"
address = "tls://tak.example"
authority = "{0}tls/ca.pem"
certificate = "{0}tls/own.pem"
key = "{0}tls/own.key"
[feeds.cap.receivers.agency]
url = "https://agency.example/"
authority = "{0}tls/ca.pem"
[feeds.web_hook.receivers.hook]
url = "https://hook.example/"
authority = "{0}tls/ca.pem"
"""


def test_a_relative_folder_begins_at_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    (site / "config" / "broker").mkdir(parents=True)
    (site / "config" / "broker" / "ca.pem").write_text("certificate")
    elsewhere.mkdir()
    settings = site / "settings.toml"
    for folder in ("config/broker", str(site / "config" / "broker")):
        settings.write_text(f'unit_certificates = "{folder}"\n')
        for here, path in ((elsewhere, settings), (site, Path("settings.toml"))):
            monkeypatch.chdir(here)
            assert load_settings(path).unit_certificates == str(site / "config" / "broker")
    settings.write_text('unit_certificates = "broker"\n')
    monkeypatch.chdir(site / "config")
    with pytest.raises(BadInput, match="unit_certificates"):
        load_settings(settings)
    settings.write_text('unit_certificates = ""\n')
    assert load_settings(settings).unit_certificates == ""


def paths_of(path: Path) -> list[str]:
    settings = load_settings(path)
    (server,) = settings.feeds.cot.servers
    receivers = [*settings.feeds.cap.receivers.values(), *settings.feeds.web_hook.receivers.values()]
    return [
        settings.audit.witness,
        settings.exchange.agreements,
        settings.exchange.identity,
        settings.media.drop,
        settings.goods.codes,
        settings.cue.onvif["cam-3"].credentials,
        settings.cue.onvif["cam-3"].authority,
        server.authority,
        server.certificate,
        server.key,
        *(one.authority for one in receivers),
    ]


def test_every_path_of_the_settings_begins_at_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    (site / "tls").mkdir(parents=True)
    (elsewhere / "tls").mkdir(parents=True)
    for name in ("ca.pem", "own.pem", "own.key"):
        (site / "tls" / name).write_text("PEM")
    settings = site / "settings.toml"
    expected = [str(site / name) for name in ("witness", "agreements.toml", "identity", "drop", "codes.csv")]
    expected += [str(site / "cam-3.secret"), str(site / "tls/ca.pem")]
    expected += [str(site / "tls" / name) for name in ("ca.pem", "own.pem", "own.key")]
    expected += [str(site / "tls/ca.pem")] * 2
    assert len(expected) + 1 == len(PATHS), "and unit_certificates, above"
    for prefix in ("", f"{site}/"):
        settings.write_text(SETTINGS.format(prefix))
        for here, path in ((elsewhere, settings), (site, Path("settings.toml"))):
            monkeypatch.chdir(here)
            assert paths_of(path) == expected
    settings.write_text(SETTINGS.format("../elsewhere/"))
    monkeypatch.chdir(elsewhere)
    with pytest.raises(BadInput, match=r"authority = .*; expected a PEM file"):
        load_settings(settings)


@pytest.mark.parametrize(
    "feeds",
    [
        "feeds = 3",
        "[feeds]\ncot = 3",
        "[feeds.cot]\nservers = 3",
        "[feeds.cap]\nreceivers = [1]",
        "audit = 1",
        "[audit]\nwitness = 3",
    ],
)
def test_a_path_of_another_form_is_refused_as_before(tmp_path: Path, feeds: str) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(feeds)
    with pytest.raises(BadInput):
        load_settings(settings)
