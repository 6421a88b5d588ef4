"""The Kubernetes manifests: valid by the published schemas, confined, within the cluster, and hardened alone."""

import re
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from security.guard import Authorization, Refused, allow
from target_app.serving import GRACE_S
from tests.compose.test_compose import SERVICES

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "deploy/kubernetes"
VERSIONS: Final = ("1.30", "1.37")
OBJECTS: Final[list[dict[str, Any]]] = [
    one
    for file in sorted(FOLDER.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for one in yaml.safe_load_all(file.read_text())
]
NAMES: Final = [f"{one['kind']}-{one['metadata']['name']}" for one in OBJECTS]
PODS: Final = {one["metadata"]["name"]: one["spec"]["template"] for one in OBJECTS if "template" in one.get("spec", {})}


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in PODS.items():
        for one in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            yield f"{name}-{one['name']}", one


each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS.keys())
each_container = pytest.mark.parametrize(
    "one", [one for _, one in containers()], ids=[name for name, _ in containers()]
)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", OBJECTS, ids=NAMES)
def test_objects_follow_the_published_schema(one: dict[str, Any], version: str) -> None:
    """By the strict schema of an old and a new version: every field is known, and of its type."""
    kubernetes_validate.validate(one, version, strict=True)


def test_the_schema_refuses_what_is_wrong() -> None:
    """A misspelt field and a wrong type do not pass: the check is one."""
    job = next(one for one in OBJECTS if one["kind"] == "Job")
    for spec in ({"backoffLimits": 1}, {"backoffLimit": "one"}):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate({**job, "spec": {**job["spec"], **spec}}, VERSIONS[-1], strict=True)


def test_every_part_is_there() -> None:
    """The target, its database and Redis, a run as a Job and its workers; kustomize applies all but the run."""
    assert set(PODS) == {"target", "database", "redis", "run", "run-workers"}
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "run.yaml", "kustomization.yaml"} == {file.name for file in FOLDER.glob("*.yaml")}
    assert [one["metadata"]["name"] for one in OBJECTS if one["kind"] == "Job"] == ["run", "run-workers"]


@each_pod
def test_pods_are_confined(pod: dict[str, Any]) -> None:
    """Not root, no token of the cluster, no variables of services, nothing of the host."""
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] >= 999
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostAliases"} & set(spec)
    kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}


@each_container
def test_containers_are_confined(one: dict[str, Any]) -> None:
    """No privilege, no capability, a root file system that can't be written, bounded CPU and memory, no host port."""
    expected = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert one["securityContext"] == expected
    assert all({"cpu", "memory"} <= set(one["resources"][bound]) for bound in ("requests", "limits"))
    assert not [port for port in one.get("ports", []) if "hostPort" in port]


def test_what_keeps_running_has_probes() -> None:
    """Readiness and liveness, so that nothing is sent to a pod that can't answer and one that hangs is ended."""
    for one in OBJECTS:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            for container in one["spec"]["template"]["spec"]["containers"]:
                assert {"readinessProbe", "livenessProbe"} <= set(container), container["name"]


def test_nothing_is_reached_from_outside() -> None:
    """Services have addresses within the cluster alone, there is no ingress, and pods reach only what they need."""
    assert {one["spec"]["type"] for one in OBJECTS if one["kind"] == "Service"} == {"ClusterIP"}
    assert not {one["kind"] for one in OBJECTS} & {"Ingress", "Gateway", "HTTPRoute"}
    policies = {one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == "NetworkPolicy"}
    everybody = policies["nothing-else"]
    assert (everybody["podSelector"], everybody["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert "ingress" not in everybody
    assert {pod["metadata"]["labels"].get("part", name) for name, pod in PODS.items()} == set(policies) - {
        "nothing-else"
    }
    assert not re.search(r"ipBlock|0\.0\.0\.0/0", (FOLDER / "network.yaml").read_text())


def test_images_are_those_of_the_compose_file() -> None:
    """The same exact versions, so that one is tested by the other."""
    known = {service["image"] for service in SERVICES.values()}
    assert {one["image"] for _, one in containers()} <= known


def test_hardened_alone_is_served() -> None:
    """Nothing names a treatment but the entry point that an own command replaces, and that one names `hardened`."""
    target = PODS["target"]["spec"]
    for one in [*target["initContainers"], *target["containers"]]:
        assert not [name for variable in one["env"] if "TREATMENT" in (name := variable["name"])]
        if "target_app" in str(one.get("args")):
            assert one["command"][:2] == ["/usr/bin/env", "TARGET_TREATMENT=hardened"]
    (serving,) = target["containers"]
    assert "command" not in serving
    assert serving["args"][:3] == ["serve", "--host", "0.0.0.0"]
    assert int(serving["args"][-1]) >= 2
    assert target["terminationGracePeriodSeconds"] > GRACE_S


def test_no_secret_is_written_down() -> None:
    """The password is a file of a secret that the cluster's owner makes."""
    assert not [one for one in OBJECTS if one["kind"] == "Secret"]
    for _, one in containers():
        for variable in one.get("env", []):
            assert not re.search("PASSWORD|TOKEN|SECRET", variable["name"]) or variable["name"].endswith("_FILE")
            assert "@" not in variable["value"] or re.fullmatch(r"\w+://\w+@.*", variable["value"])


def test_probes_are_let_in_by_the_host_check() -> None:
    """A probe names a host that the target answers to, as the load does."""
    (serving,) = PODS["target"]["spec"]["containers"]
    allowed = next(one["value"] for one in serving["env"] if one["name"] == "TARGET_ALLOWED_HOSTS").split(",")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        (header,) = serving[probe]["httpGet"]["httpHeaders"]
        assert header["name"] == "Host"
        assert header["value"] in allowed


def test_a_run_waits_for_somebodys_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorisation that comes with the manifests has ended; with another day, the guard lets it through."""
    (told,) = (one["data"]["target.toml"] for one in OBJECTS if one["kind"] == "ConfigMap")
    table = tomllib.loads(told)["authorized"]
    place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.96.0.7", 8000))]
    monkeypatch.setattr("security.guard.socket.getaddrinfo", lambda *_, **__: place)
    leave = Authorization(tuple(table["hosts"]), table["until"], table["by"], table["max_rate"])
    with pytest.raises(Refused, match="2000-01-01"):
        allow("http://target:8000", leave)
    renewed = replace(leave, until=datetime.now(UTC).date())
    assert allow("http://target:8000", renewed).address == "10.96.0.7"


def test_the_run_and_its_workers_belong_together() -> None:
    """The master waits for as many workers as there are, and they find it by its service."""
    by_name = {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] in {"Job", "Service"}}
    master = PODS["run"]["spec"]["containers"][0]["args"]
    worker = PODS["run-workers"]["spec"]["containers"][0]["args"]
    assert master[master.index("--expect-workers") + 1] == str(by_name["run-workers"]["spec"]["parallelism"])
    service = by_name[worker[worker.index("--master-host") + 1]]
    assert service["spec"]["selector"].items() <= PODS["run"]["metadata"]["labels"].items()
    assert master[master.index("--host") + 1] == f"http://target:{by_name['target']['spec']['ports'][0]['port']}"
