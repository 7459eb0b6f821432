"""Containers: the manifests are valid, confined, and probe the addresses that the server has."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ops.services.api.serving.local_port import DEFAULT_PORT

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
COMPOSE = ROOT / "deploy" / "container" / "compose.yaml"
VERSION = "1.31"
BATCH = ROOT / "deploy" / "kubernetes" / "batch" / "dask-cluster.yaml"
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"


def documents(kind: str) -> list[Any]:
    return [one for file in MANIFESTS for one in yaml.safe_load_all(file.read_text()) if one["kind"] == kind]


def pod() -> Any:
    [sector] = documents("StatefulSet")
    return sector["spec"]["template"]["spec"]


def batch_pods() -> dict[str, Any]:
    """The pods of the workers for batch work, by the part that they play."""
    spec = yaml.safe_load(BATCH.read_text())["spec"]
    return {name: spec[name]["spec"] for name in ("scheduler", "worker")}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda file: file.stem)
def test_every_manifest_is_valid_by_the_schema_of_kubernetes(manifest: Path) -> None:
    """The schemas are those of the Kubernetes API, which refuse unknown fields too."""
    found = list(yaml.safe_load_all(manifest.read_text()))
    for document in found:
        kubernetes_validate.validate(document, VERSION, strict=True)
    spoilt = next(one for one in found if one["kind"] == "StatefulSet")
    spoilt["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoilt, VERSION, strict=True)


@pytest.mark.parametrize("name", ["sector", "scheduler", "worker"])
def test_a_pod_meets_the_restricted_pod_security_standard(name: str) -> None:
    """The controls of the profile "restricted" (Kubernetes, Pod Security Standards), one by one."""
    spec = pod() if name == "sector" else batch_pods()[name]
    [container] = spec["containers"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    assert all(set(volume) - {"name"} <= allowed for volume in spec["volumes"])
    assert not any("hostPort" in port for port in container.get("ports", ()))
    assert spec["automountServiceAccountToken"] is False
    [namespace] = documents("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_selectors_names_and_volumes_belong_together() -> None:
    [sector], [service], [policy] = documents("StatefulSet"), documents("Service"), documents("NetworkPolicy")
    labels = sector["spec"]["template"]["metadata"]["labels"]
    assert sector["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    assert policy["spec"]["podSelector"]["matchLabels"] == labels
    assert sector["spec"]["serviceName"] == service["metadata"]["name"]
    assert pod()["serviceAccountName"] == documents("ServiceAccount")[0]["metadata"]["name"]
    [container] = pod()["containers"]
    claims = [claim["metadata"]["name"] for claim in sector["spec"]["volumeClaimTemplates"]]
    there = {volume["name"] for volume in pod()["volumes"]} | set(claims)
    assert {mount["name"] for mount in container["volumeMounts"]} == there
    assert sector["spec"]["replicas"] == 1, "journal and store have one writer"


@pytest.mark.parametrize(
    ("probe", "path"), [("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")]
)
def test_probes_ask_what_the_server_answers(probe: str, path: str) -> None:
    [container] = pod()["containers"]
    asked = container[f"{probe}Probe"]["httpGet"]
    [port] = container["ports"]
    assert asked == {
        "path": path,
        "port": port["name"],
        "scheme": "HTTPS",
        "httpHeaders": [{"name": "Host", "value": "localhost"}],
    }
    assert port["containerPort"] == DEFAULT_PORT
    source = (ROOT / "ops" / "services" / "api" / "observability" / "probes.py").read_text()
    assert f'"{path}"' in source


def test_the_commands_are_ones_that_watchline_accepts() -> None:
    from typer.main import get_command

    from ops.cli.app import app

    compose = yaml.safe_load(COMPOSE.read_text())["services"]["sector"]["command"]
    [container] = pod()["containers"]
    assert compose == container["args"]
    run = get_command(app).commands["run"]  # type: ignore[attr-defined]
    context = run.make_context("run", list(compose[1:]), resilient_parsing=True)
    assert context.params["tls"] is True
    assert context.params["host"] == "0.0.0.0"  # with TLS and accounts; a container has no other way out


def test_every_service_of_the_compose_file_is_confined() -> None:
    for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert "privileged" not in service, name
        for volume in service["volumes"]:
            writable = not volume.get("read_only")
            assert not writable or volume["type"] == "volume" or name == "broker", volume


def test_the_image_runs_as_a_user_without_rights_and_is_installed_from_the_folder_alone() -> None:
    text = CONTAINERFILE.read_text()
    last = text.rpartition("FROM ")[2]
    assert re.search(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert "pip install" not in text
    assert "install.py /opt/watchline" in text
    users = {yaml.safe_load(COMPOSE.read_text())["services"]["sector"]["user"], "10001:10001"}
    assert users == {re.search(r"^USER (\S+)$", last, re.MULTILINE)[1]}  # type: ignore[index]


def test_the_pods_of_batch_work_are_valid_by_the_schema_of_kubernetes() -> None:
    """The operator makes pods and a service of them; its own resource is not in the schemas of the Kubernetes API."""
    cluster = yaml.safe_load(BATCH.read_text())
    for name, spec in batch_pods().items():
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        kubernetes_validate.validate(document, VERSION, strict=True)
        assert {one["name"] for one in spec["containers"][0]["volumeMounts"]} == {
            one["name"] for one in spec["volumes"]
        }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": cluster["spec"]["scheduler"]["service"],
    }
    kubernetes_validate.validate(service, VERSION, strict=True)
    [sector] = documents("StatefulSet")
    images = {spec["containers"][0]["image"] for spec in (pod(), *batch_pods().values())}
    assert len(images) == 1, "one image on all sides has the same versions"
    assert cluster["metadata"]["namespace"] == sector["metadata"]["namespace"]


@pytest.mark.parametrize("name", ["scheduler", "worker"])
def test_the_commands_of_batch_work_are_ones_that_dask_accepts_and_need_certificates(name: str, tmp_path: Path) -> None:
    from distributed.cli import dask_scheduler, dask_worker

    [container] = batch_pods()[name]["containers"]
    assert container["command"] == ["dask", name]
    assert shutil.which("dask", path=Path(sys.executable).parent) is not None
    main = {"scheduler": dask_scheduler, "worker": dask_worker}[name].main
    files = [str(tmp_path / one) for one in ("ca.crt", "tls.crt", "tls.key")]
    for file in files:
        Path(file).touch()
    context = main.make_context(name, [one.replace("/etc/dask-tls", str(tmp_path)) for one in container["args"]])
    assert [context.params[f"tls_{one}"] for one in ("ca_file", "cert", "key")] == files
    assert {"name": "tls", "mountPath": "/etc/dask-tls", "readOnly": True} in container["volumeMounts"]
    assert context.params["protocol"] == "tls"
    assert context.params["dashboard"] is False
    if name == "worker":
        port = yaml.safe_load(BATCH.read_text())["spec"]["scheduler"]["service"]["ports"][0]["port"]
        assert context.params["scheduler"].endswith(f":{port}")
