"""The stores of three sectors, and the national page's server on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ops.cluster.page.nation import NAMES, NationServer, Sectors, nation_server


@pytest.fixture
def sectors(tmp_path: Path) -> Iterator[Sectors]:
    with ExitStack() as stack:
        yield Sectors(tmp_path, stack)


@pytest.fixture
def server(sectors: Sectors) -> Iterator[NationServer]:
    with nation_server(sectors, NAMES) as opened:
        yield opened
