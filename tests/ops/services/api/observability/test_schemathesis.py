"""Every operation of OpenAPI under generated requests, valid and invalid, as each role and without a login.

Schemathesis makes the requests from the document and compares each answer with it: status, content type, schema and
headers. A refused role must be refused whatever it sends. The seed is fixed and the number of examples bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ops.accounts.person import ROLES
from ops.accounts.rights import HOLDERS, ROWS
from ops.services.api.serving.server import serving
from tests.ops.services.api.layers_follow import wait_for_layers
from tests.patience import PATIENT_S

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ELSEWHERE = ("/api/stream", "/v1/ogc", "/v1/field/stream", "/v1/field/enrol")
"""A stream has no end (test_event_stream); OGC API – Features is compared with its standard in test_ogc; a generated
code of enrolment is always wrong (tests of the field routes)."""
FOR_TWO = ("approve", "levels", "mute")
"""Rights to ask for and confirm what needs two people, which no program has."""
EXAMPLES, EXAMPLES_OF_OTHERS, EXAMPLES_OF_REAL = 8, 2, 4


@pytest.fixture(scope="module")
def site(described: SimpleNamespace) -> Iterator[SimpleNamespace]:
    schema = schemathesis.openapi.from_dict(described.app.openapi())
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) >= 38
    with serving(described.app) as port, requests.Session() as session:
        wait_for_layers(described.app, described.service)
        operations = [one for one in found if not one.path.startswith(ELSEWHERE)]
        yield SimpleNamespace(
            **vars(described), operations=operations, address=f"http://127.0.0.1:{port}", session=session
        )


def run(
    site: SimpleNamespace,
    operation: Any,
    role: str | None,
    mode: GenerationMode,
    examples: int,
    identity: str | None = None,
) -> list[int]:
    """Send generated requests, with this ``identity`` in the address if it is given; return the statuses."""
    headers = {"Origin": site.address} | ({} if role is None else {"Authorization": f"Bearer {site.tokens[role]}"})
    right = RIGHTS[operation.method.upper(), operation.path]
    allowed = right == "open" or (role is not None and (right == "own" or role in HOLDERS.get(right, ())))
    statuses: list[int] = []

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        if identity is not None:
            case.path_parameters["identity"] = identity
        answer = case.call(base_url=site.address, session=site.session, headers=headers, timeout=PATIENT_S)
        statuses.append(answer.status_code)
        assert answer.status_code not in (500, 501, 502), answer.text
        if allowed and answer.status_code == 403:  # of a token of a program
            assert right in FOR_TWO
            assert "by people at a browser, not by programs" in answer.text
        elif allowed:
            assert answer.status_code != 401, answer.text
        else:
            nobody = role is None or right == "field"  # a person is no device
            assert answer.status_code == (401 if nobody else 403), answer.text
        repeated = any(isinstance(value, list) for value in (case.query or {}).values())  # of which the last is taken
        negative = mode is GenerationMode.NEGATIVE and allowed and identity is None and not repeated
        case.validate_response(answer, checks=[*CHECKS, *([negative_data_rejection] if negative else [])])

    send()
    return statuses


RIGHTS = {(row.method, row.path): row.right for row in ROWS}


def takes_input(operation: Any) -> bool:
    definition = operation.definition.raw
    return bool(definition.get("parameters") or definition.get("requestBody"))


@pytest.mark.parametrize("role", ["supervisor", "admin"])
def test_every_operation_answers_valid_requests_as_described(site: SimpleNamespace, role: str) -> None:
    """Between them, these roles have every right."""
    statuses = set()
    for operation in site.operations:
        statuses |= set(run(site, operation, role, GenerationMode.POSITIVE, EXAMPLES))
    assert {200, 404} <= statuses


def test_every_operation_refuses_invalid_requests_as_described(site: SimpleNamespace) -> None:
    statuses = set()
    for operation in site.operations:
        if takes_input(operation) and operation.path != "/v1/people":
            statuses |= set(run(site, operation, "supervisor", GenerationMode.NEGATIVE, EXAMPLES))
    assert {404, 422} <= statuses


@pytest.mark.parametrize("role", [None, *(role for role in ROLES if role not in ("supervisor", "admin"))])
def test_whatever_is_sent_a_person_without_the_right_is_refused(site: SimpleNamespace, role: str | None) -> None:
    refused = 0
    for operation in site.operations:
        statuses = run(site, operation, role, GenerationMode.POSITIVE, EXAMPLES_OF_OTHERS)
        refused += bool({401, 403} & set(statuses))
    assert refused >= 5


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_operations_on_an_alert_or_incident_that_exists(site: SimpleNamespace, mode: GenerationMode) -> None:
    headers = {"Authorization": f"Bearer {site.tokens['viewer']}"}
    alerts = site.session.get(f"{site.address}/api/alerts", headers=headers, timeout=PATIENT_S).json()["alerts"]
    incidents = site.session.get(f"{site.address}/v1/incidents", headers=headers, timeout=PATIENT_S).json()["incidents"]
    existing = {"/api/alerts/{identity}": alerts[0]["id"], "/v1/incidents/{identity}": incidents[0]["id"]}
    statuses: set[int] = set()
    for operation in site.operations:
        for path, identity in existing.items():
            if operation.path.startswith(path):
                statuses |= set(run(site, operation, "supervisor", mode, EXAMPLES_OF_REAL, identity))
    assert 200 in statuses
    assert statuses <= {200, 202, 400, 404, 409, 422, 503}
