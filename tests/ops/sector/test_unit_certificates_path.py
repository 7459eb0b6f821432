"""A relative folder of unit certificates begins at the settings file, wherever the command is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import BadInput
from ops.sector.settings import load_settings


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
