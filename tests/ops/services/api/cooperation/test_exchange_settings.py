"""The table ``[exchange]`` of the settings: paths begin at its file, and a demonstration shares nothing."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from ops.sector.settings import load_settings
from ops.sector.toml_record import ConfigError
from ops.services.api.cooperation.desk import ExchangeFiles
from ops.services.api.process import _exchange


def test_the_files_of_the_exchange_are_those_beside_the_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[exchange]\nagreements = "agreements.toml"\nidentity = "exchange-key"\n')
    chosen = load_settings(path)
    arguments = Namespace(demo=False, settings=path, layout="three")
    assert _exchange(chosen, arguments) == ExchangeFiles(
        tmp_path / "agreements.toml", tmp_path / "exchange-key", path, "three"
    )
    assert _exchange(chosen, Namespace(demo=True, settings=path, layout="three")) == ExchangeFiles()
    assert _exchange(load_settings(None), arguments) == ExchangeFiles()


def test_a_key_without_agreements_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[exchange]\nidentity = "exchange-key"\n')
    with pytest.raises(ConfigError, match="a key without agreements"):
        load_settings(path)
