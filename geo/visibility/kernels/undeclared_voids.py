"""Detection of values that are not plausible as heights: voids that a raster does not declare."""

from __future__ import annotations

from geo.arrays import Float32s
from geo.errors import TerrainError
from geo.visibility.kernels.compilation import kernel
from geo.visibility.kernels.rings import FARTHEST_M, HABITUAL_VOID_M


def check_plausible(z: Float32s, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """Raise TerrainError for the first cell of rows[0] <= row < rows[1], and so the columns, with an implausible
    height.

    NaN is a void and is allowed.
    """
    at = _first_implausible(z.ravel(), z.shape[1], rows[0], rows[1], columns[0], columns[1])
    if at >= 0:
        row, column = divmod(at, z.shape[1])
        raise TerrainError(
            f"a height of {z[row, column]:g} m at row {row}, column {column} (an undeclared void?)",
            where="elevation",
            expected=f"heights within {FARTHEST_M:,.0f} m, not {HABITUAL_VOID_M:g}, and NaN where there is none",
        )


@kernel
def _first_implausible(
    z: Float32s, columns: int, first_row: int, end_row: int, first_column: int, end_column: int
) -> int:
    """Flat index of the first cell of a window with an implausible height, or -1."""
    for row in range(first_row, end_row):
        line = z[row * columns + first_column : row * columns + end_column]
        wrong = 0
        for i in range(len(line)):
            wrong |= int(abs(line[i]) > FARTHEST_M or line[i] == HABITUAL_VOID_M)
        if wrong:
            for i in range(len(line)):
                if abs(line[i]) > FARTHEST_M or line[i] == HABITUAL_VOID_M:
                    return row * columns + first_column + i
    return -1
