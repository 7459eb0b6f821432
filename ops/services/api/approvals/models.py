"""Requests and answers of the two-person rule, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ops.governance.two_person import ApprovalDecision, ApprovalKind, ApprovalState
from ops.services.api.forces.models import StatedReason


class MuteRequest(BaseModel):
    """A request to mute a sensor for some minutes, at most a day."""

    model_config = ConfigDict(extra="forbid")
    minutes: Annotated[int, Field(ge=1, le=1440)]
    reason: StatedReason


class ErasureRequest(BaseModel):
    """A request to erase what a settings file makes due; ``settings``: its checksum, by `store purge --dry-run`."""

    model_config = ConfigDict(extra="forbid")
    settings: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    reason: StatedReason


class DecisionRequest(BaseModel):
    """A decision on a request. ``reason``: required to override, otherwise optional."""

    model_config = ConfigDict(extra="forbid")
    decision: ApprovalDecision
    reason: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
        ),
    ] = ""  # fmt: skip


class ApprovalRecord(BaseModel):
    """One request. ``may``: the decisions that the caller may make now."""

    id: str
    kind: ApprovalKind
    subject: str
    reason: str
    state: ApprovalState
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    remark: str
    emergency: bool
    order: dict[str, Any]
    may: list[Literal["confirm", "refuse", "withdraw", "override"]]


class ApprovalRecords(BaseModel):
    """The newest requests, the latest first."""

    approvals: list[ApprovalRecord]
