"""How colours look: lightness, and CIELAB as readers with each common kind of colour blindness see it."""

from __future__ import annotations

import numpy as np


def lightness(rgb: np.ndarray) -> float:
    """CIE 1976 L* of an sRGB colour in bytes."""
    part = rgb / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return float(116.0 * luminance ** (1 / 3) - 16.0) if luminance > 0.008856 else 903.3 * luminance


MACHADO = {
    "normal sight": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Linear sRGB as it is seen, at full severity (Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113)."""


def lab(rgb: np.ndarray, seen_as: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* (D65) of an sRGB colour in bytes, as simulated by a matrix on linear sRGB."""
    part = rgb / 255.0
    linear = np.clip(seen_as @ np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4), 0.0, 1.0)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ linear / (0.9505, 1.0, 1.089)
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16.0 / 116.0 for v in (x, y, z)]
    return np.array([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])])
