"""A room with the embedded broker: keys for everybody in the layout, and no way to do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.broker.identities import RESERVED, UNIT, IdentityFolder
from ops.room.room import Room, RoomError, RoomOptions
from ops.sector.sector_file import load_sector
from ops.sector.toml_record import ConfigError


def options(sector: Any, folder: Path, **more: Any) -> RoomOptions:
    return RoomOptions(str(sector.sector), "hills", str(sector.layout), folder, **more)


@pytest.mark.broker
def test_everybody_who_speaks_has_a_key_and_it_stays(hill_sector: Any, tmp_path: Path):
    for _ in range(2):
        with Room(options(hill_sector, tmp_path)) as room:
            assert room.signatures == "required"
            assert room.identity == tmp_path / "identity"
            keys = {name: room.identity_of(name).signer.key for name in ("radar-mid", "camera-west", "ground-1", UNIT,
                                                                         "patrol-1", *RESERVED)}  # type: ignore[union-attr]  # fmt: skip
    register = IdentityFolder(tmp_path / "identity").register()
    assert {record.key for record in register.records} == set(keys.values())


@pytest.mark.broker
def test_the_embedded_broker_does_not_start_without_signatures(hill_sector: Any, tmp_path: Path):
    with (
        pytest.raises(RoomError, match="expected 'required', or a broker with an ACL"),
        Room(options(hill_sector, tmp_path, signatures="optional")),
    ):
        pass
    assert not (tmp_path / "identity").exists()


def test_the_sector_file_says_whether_unsigned_messages_are_refused(own_sector: Any):
    assert load_sector(own_sector.sector).signatures is None
    own_sector.edit(own_sector.sector, 'home_side = "right"', 'home_side = "right"\nsignatures = "optional"')
    assert load_sector(own_sector.sector).signatures == "optional"
    own_sector.edit(own_sector.sector, '"optional"', '"sometimes"')
    with pytest.raises(ConfigError, match="'required' or 'optional'"):
        load_sector(own_sector.sector)
    own_sector.edit(own_sector.sector, '"sometimes"', "1")
    with pytest.raises(ConfigError, match="wrong type"):
        load_sector(own_sector.sector)
