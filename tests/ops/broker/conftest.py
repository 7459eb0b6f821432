"""What the tests of brokers share: a busy machine is no broker that does not answer."""

from __future__ import annotations

import pytest

from ops.broker import probe, rights_check
from tests.patience import PATIENT_S


@pytest.fixture(autouse=True)
def patient_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of rights waits for each answer, and for a last will that is allowed, as long as any test does."""
    monkeypatch.setattr(probe, "ANSWER_WITHIN_S", PATIENT_S)
    monkeypatch.setattr(rights_check, "WILL_WITHIN_S", PATIENT_S)
