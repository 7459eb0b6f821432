"""The agreements file: unknown keys and wrong values are refused with key and reason."""

from __future__ import annotations

from base64 import b64encode
from contextlib import nullcontext
from pathlib import Path

import pytest
from pyproj import Geod

from geo.errors import BadInput, FrameError
from ops.exchange.agreements import read_agreements
from ops.exchange.grid import AgreedGrid
from ops.sector.toml_record import ConfigError
from tests.ops.exchange.partners import agreement

KEY = b64encode(bytes(range(32))).decode()
FILE = f"""own = "north"

[[partner]]
name = "south"
agency = "Agency of the south"
key = "{KEY}"

[[agreement]]
id = "buffer"
partner = "south"
purpose = "joint monitoring of the buffer zone"
area = [32.5, 34.9, 34.1, 35.3]
start = 2026-01-01T00:00:00Z
until = 2027-01-01T00:00:00Z
grid_epsg = 32636
grid_m = 2000
time_step_s = 3600
delay_s = 86400
onward = ["east"]

[agreement.layers]
incidents = ["kind", "opened_at"]
coverage = ["probability"]
"""


def read(folder: Path, text: str) -> object:
    path = folder / "agreements.toml"
    path.write_text(text)
    return read_agreements(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "agreements.toml").write_text(FILE)
    found = read_agreements(tmp_path / "agreements.toml")
    (one,) = found.with_partner("south")
    assert (one.grid_m, one.delay_s, one.onward, one.origin_control) == (2000.0, 86400.0, ("east",), True)
    assert one.layers == {"incidents": ("kind", "opened_at"), "coverage": ("probability",)}
    assert found.agreement("south", None) == found.agreement("south", "buffer") == one


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("own =", "owner =", "unknown key 'owner'"),
        ("agency =", "agencies =", "unknown key 'agencies'"),
        ("delay_s =", "delay =", "unknown key 'delay'"),
        ('partner = "south"', 'partner = "west"', "no partner 'west'"),
        (KEY, "AAAA", "32 bytes in base64"),
        ("grid_m = 2000", "grid_m = 999", "grid_m"),
        ("grid_m = 2000", "grid_m = nan", "grid_m"),
        ("time_step_s = 3600", "time_step_s = 0", "time_step_s"),
        ("until = 2027", "until = 2025", "after `start`"),
        ("until = 2027-01-01T00:00:00Z", "until = 2027-01-01T00:00:00", "offset"),
        ("[32.5, 34.9, 34.1, 35.3]", "[34.1, 34.9, 32.5, 35.3]", "west, south, east, north"),
        ('["kind", "opened_at"]', '["kind", "owner"]', "'owner' of incidents"),
        ('["kind", "opened_at"]', '["kind", "kind"]', "different fields"),
        ("incidents =", "sensors =", "unknown layer 'sensors'"),
        ('coverage = ["probability"]', "coverage = []", "different fields"),
        ("onward =", "probability_step = 0.03\nonward =", "probability_step"),
        ("onward =", "probability_step = 0.3\nonward =", "a part of 1"),
        ("onward =", 'direction = "sideways"\nonward =', "direction"),
        ('"joint monitoring of the buffer zone"', '"x"', "purpose"),
        ('own = "north"', 'own = "south"', "partner too"),
        ('own = "north"', 'own = "no rth"', "own"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in FILE
    with pytest.raises(BadInput) as caught:
        read(tmp_path, FILE.replace(old, new, 1))
    assert words in str(caught.value)


def test_two_partners_or_agreements_of_one_name_or_key_are_refused(tmp_path: Path) -> None:
    partner = FILE[FILE.index("[[partner]]") : FILE.index("[[agreement]]")]
    with pytest.raises(ConfigError, match="twice"):
        read(tmp_path, FILE + partner)
    with pytest.raises(ConfigError, match="key of a partner"):
        read(tmp_path, FILE + partner.replace('"south"', '"west"'))
    with pytest.raises(ConfigError, match="twice"):
        read(tmp_path, FILE + FILE[FILE.index("[[agreement]]") :])


@pytest.mark.parametrize(
    ("epsg", "area", "taken"),
    [
        (32634, (20.0, 60.0, 21.0, 61.0), True),
        (3035, (32.5, 34.9, 34.1, 35.3), True),  # the grid of European statistics, at its edge: 2.3%
        (3857, (20.0, 60.0, 21.0, 61.0), False),  # Web Mercator: cells of 100 m would have 49 m
        (6933, (20.0, 60.0, 21.0, 61.0), False),  # equal areas, but 1.8 times as long
        (32634, (-180.0, -90.0, 180.0, 90.0), False),
    ],
)
def test_a_grid_has_metres_of_the_ground(epsg: int, area: tuple[float, float, float, float], *, taken: bool) -> None:
    agreed = agreement(grid_epsg=epsg, area=area, layers={"incidents": ("kind",)})
    with nullcontext() if taken else pytest.raises(FrameError, match=f"EPSG:{epsg} has distances that deviate"):
        grid = AgreedGrid.of(agreed)
        corners = grid.corners(*grid.cells([(area[0] + area[2]) / 2], [(area[1] + area[3]) / 2]))[0]
        assert Geod(ellps="WGS84").inv(*corners[0], *corners[1])[2] == pytest.approx(1_000.0, rel=0.05)
