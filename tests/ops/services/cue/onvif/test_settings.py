"""The table of ONVIF cameras: what is refused, by name, and where its files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import BadInput
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.sector.settings import load_settings

TABLE = """
[cue]
cameras = ["cam-3"]
[cue.onvif.cam-3]
address = "https://10.20.0.7"
"""


def load(folder: Path, text: str) -> OnvifCamera:
    path = folder / "settings.toml"
    path.write_text(text)
    return load_settings(path).cue.onvif["cam-3"]


def test_files_are_beside_the_settings(tmp_path: Path) -> None:
    found = load(tmp_path, TABLE + 'credentials = "cam-3.secret"\nauthority = "ca.pem"\npan_deg = [-170, 170]\n')
    assert (found.credentials, found.authority) == (str(tmp_path / "cam-3.secret"), str(tmp_path / "ca.pem"))
    assert found.pan_deg == (-170.0, 170.0)
    assert load(tmp_path, TABLE).credentials == ""


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("pan = 3", "pan"),
        ("pan_deg = [10, 5]", "pan_deg"),
        ("pan_deg = [-200, 200]", "pan_deg"),
        ("pan_deg = [0]", "pan_deg"),
        ("tilt_deg = [5, 5]", "tilt_deg"),
        ("tilt_deg = [-91, 5]", "tilt_deg"),
        ("within_deg = 0", "within_deg"),
        ("call_s = inf", "call_s"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, line: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        load(tmp_path, TABLE + line)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "10.20.0.7",
        "ftp://10.20.0.7",
        "http://ana:secret@10.20.0.7",
        "http://10.20.0.7/onvif",
        "http://[::1",
        "http://c:0",
    ],
)
def test_an_address_is_scheme_host_and_port_alone(address: str) -> None:
    with pytest.raises(BadInput, match="such as https"):
        OnvifCamera(address)


def test_a_camera_that_is_not_turned_has_no_table(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cam-3"):
        load(tmp_path, TABLE.replace('["cam-3"]', '["cam-1"]'))
    with pytest.raises(BadInput, match="address"):
        load(tmp_path, '[cue]\ncameras = ["cam-3"]\n[cue.onvif.cam-3]\n')
