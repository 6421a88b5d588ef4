"""The compose file: what it publishes, what it may do, and that nothing in it can start a weak level."""

import ipaddress
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from security.guard import allow
from target_app.serving import GRACE_S

ROOT: Final = Path(__file__).resolve().parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = {name: service for name, service in SERVICES.items() if "build" in service}
LONG_RUNNING: Final = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
PINNED: Final = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?")

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())


def test_every_part_is_there() -> None:
    """Backend, database, its migration and rows, Redis, Prometheus, Grafana and Locust."""
    assert set(SERVICES) >= {"target", "redis", "database", "migrate", "seed", "prometheus", "grafana", "locust"}


@each_service
def test_ports_are_published_on_loopback_alone(service: dict[str, Any]) -> None:
    """Every published port names a loopback address of this machine."""
    for port in service.get("ports", []):
        address, _, _ = port.rsplit(":", 2)
        assert ipaddress.ip_address(address).is_loopback, port


@each_service
def test_image_is_pinned(service: dict[str, Any]) -> None:
    """Every image names an exact version."""
    assert PINNED.fullmatch(service["image"]), service["image"]


@each_service
def test_service_is_confined(service: dict[str, Any]) -> None:
    """Not root, no capability, no new privileges, a root file system that cannot be written, bounded memory."""
    assert service["user"].partition(":")[0] not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert not {"privileged", "cap_add", "pid", "ipc", "devices", "userns_mode"} & set(service)
    assert service.get("network_mode") != "host"


@each_service
def test_mounts_are_volumes_or_read_only_files_of_the_project(service: dict[str, Any]) -> None:
    """A named volume exists; a file of the project exists and is mounted read-only; nothing else is mounted."""
    for mount in service.get("volumes", []):
        source, _, place = mount.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert place.endswith(":ro"), mount
        else:
            assert source in COMPOSE["volumes"], mount


@pytest.mark.parametrize("service", LONG_RUNNING.values(), ids=LONG_RUNNING.keys())
def test_what_keeps_running_has_a_healthcheck(service: dict[str, Any]) -> None:
    """Every service that stays has a health check in words, not through a shell."""
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["healthcheck"]["retries"] >= 5


@each_service
def test_start_waits_for_what_it_needs(service: dict[str, Any]) -> None:
    """A service waits until the one before it is healthy, or, where that ends by itself, has ended well."""
    for name, condition in service.get("depends_on", {}).items():
        expected = "service_healthy" if name in LONG_RUNNING else "service_completed_successfully"
        assert condition == {"condition": expected}


def test_order_of_the_start() -> None:
    """The database's rows are there before the target starts, the target before what watches and loads it."""
    chain = ["locust", "target", "seed", "migrate", "database", "secrets"]
    assert all(later in SERVICES[one]["depends_on"] for one, later in pairwise(chain))
    assert "target" in SERVICES["prometheus"]["depends_on"]
    assert "prometheus" in SERVICES["grafana"]["depends_on"]


def test_nothing_sets_a_weak_treatment() -> None:
    """No service names a treatment, and one with an entry point of its own fixes `hardened` as the image does."""
    for name, service in OURS.items():
        told = [*service.get("environment", {}), *map(str, service.get("command", []))]
        assert not [word for word in told if "treatment" in word.lower()], name
        if "target_app" in str(service.get("command")):
            assert service["entrypoint"][:2] == ["/usr/bin/env", "TARGET_TREATMENT=hardened"]


def test_no_secret_is_written_down() -> None:
    """No variable carries a password, and no URL one: secrets are read from files in volumes."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET_KEY|TOKEN", name) or name.endswith("_FILE"), name
            assert urlsplit(str(value)).password is None, name
    assert SERVICES["database"]["environment"]["POSTGRES_PASSWORD_FILE"].startswith("/secrets/")


def test_database_has_no_way_out() -> None:
    """The database is reached by the backend's services alone and from no published port."""
    assert SERVICES["database"]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert "ports" not in SERVICES["database"]
    assert {name for name, service in SERVICES.items() if "data" in service.get("networks", [])} == {
        "database",
        "redis",
        "migrate",
        "seed",
        "target",
    }


def test_load_passes_the_traffic_guard() -> None:
    """Locust's host is loopback as Locust sees it: it shares the target's network, and its page's port is there."""
    locust = SERVICES["locust"]
    host = locust["command"][locust["command"].index("--host") + 1]
    page = locust["command"][locust["command"].index("--web-port") + 1]
    assert locust["network_mode"] == "service:target"
    assert ipaddress.ip_address(allow(host).address).is_loopback
    assert any(port.endswith(f":{page}") for port in SERVICES["target"]["ports"])


def test_prometheus_scrapes_the_service_where_it_listens() -> None:
    """The address in prometheus.yml is the target's service and port, and the target answers to that name."""
    scrapes = yaml.safe_load((ROOT / "dashboards/prometheus.yml").read_text())["scrape_configs"]
    (address,) = next(job for job in scrapes if job["job_name"] == "target")["static_configs"][0]["targets"]
    name, _, port = address.partition(":")
    command = SERVICES[name]["command"]
    assert command[command.index("--port") + 1] == port
    assert name in SERVICES[name]["environment"]["TARGET_ALLOWED_HOSTS"].split(",")
    assert set(SERVICES[name]["networks"]) & set(SERVICES["prometheus"]["networks"])


def test_redis_is_reached_by_the_backend_alone() -> None:
    """Redis asks for no password, so that only the internal network leads to it; the backend names it where it is."""
    assert SERVICES["redis"]["networks"] == ["data"]
    assert "ports" not in SERVICES["redis"]
    assert SERVICES["target"]["environment"]["TARGET_REDIS_URL"] == "redis://redis:6379/0"


def test_the_backend_is_given_time_to_drain() -> None:
    """Whoever stops the container waits longer than the server lets its last requests run."""
    seconds = int(SERVICES["target"]["stop_grace_period"].removesuffix("s"))
    assert seconds > GRACE_S
