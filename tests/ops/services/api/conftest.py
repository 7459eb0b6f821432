"""What a server waits for at most, of the map, the audit log and other programs, is as long as these tests wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.patience import PATIENT_S

LIMITS: Final = (
    "ops.accounts.oidc.ANSWERS_WITHIN_S",
    "ops.audit.verify.SIGNED_WITHIN_S",
    "ops.services.api.cooperation.desk.LIMIT_S",
    "ops.services.api.reports.export_routes.LIMIT_S",
    "ops.services.map.client.ANSWER_S",
    "ops.services.map.client.START_S",
)


@pytest.fixture(scope="module", autouse=True)
def patient_server() -> Iterator[None]:
    """Where a limit itself is tested, that test sets its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in LIMITS:
            patch.setattr(name, PATIENT_S)
        yield
