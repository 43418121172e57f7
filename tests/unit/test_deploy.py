"""
What is deployed says the same everywhere: settings that exist, ports that are listened on, versions that are pinned.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from service.cli.main import app
from service.http.limits import DRAIN_S
from service.http.openapi import openapi
from service.http.respond import ROUTES
from service.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KNOWN = {f"RATEDIP_{name.upper()}" for name in Settings.model_fields}
HAPROXY = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
OF_HAPROXY = set(re.findall(r"\$\{(RATEDIP_\w+)-", HAPROXY))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NODES = [service for name, service in SERVICES.items() if name.startswith("node-")]
BASE = DEPLOY / "kubernetes" / "base"
PRODUCTION = DEPLOY / "kubernetes" / "production"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = {
    "FROM", "WORKDIR", "COPY", "RUN", "ENV", "VOLUME", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
    "ENTRYPOINT", "CMD",
}  # fmt: skip


def manifest(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def literals(folder: Path) -> dict[str, str]:
    """
    Settings that a kustomization makes.
    """
    (made,) = manifest(folder / "kustomization.yaml")["configMapGenerator"]
    return dict(line.split("=", 1) for line in made["literals"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", SERVICES[name]["image"])


def test_the_version_deployed_is_the_project_s() -> None:
    version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    (image,) = {node["image"] for node in NODES}
    (container,) = manifest(BASE / "deployment.yaml")["spec"]["template"]["spec"]["containers"]
    (placed,) = manifest(PRODUCTION / "kustomization.yaml")["images"]
    assert image == container["image"] == f"ratedip:{version}"
    assert placed["newTag"] == version
    for place in ("Makefile", "Dockerfile", "docs/deploy.md"):
        assert set(re.findall(r"ratedip:(\d[\d.]*\d)", (ROOT / place).read_text())) == {version}


def test_every_setting_is_one() -> None:
    written = {name for node in NODES for name in node["environment"]} | set(literals(BASE)) | set(literals(PRODUCTION))
    written |= set(re.findall(r"(RATEDIP_\w+)=", DOCKERFILE))
    assert written <= KNOWN
    assert set(SERVICES["haproxy"]["environment"]) <= OF_HAPROXY


def test_settings_hold_what_they_may() -> None:
    for texts in (NODES[0]["environment"], literals(BASE), literals(PRODUCTION)):
        Settings.model_validate({name.removeprefix("RATEDIP_").lower(): text for name, text in texts.items()})


def test_files_that_are_mounted_are_there() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", ())]
    files = [source for source, *_ in (volume.split(":") for volume in mounted) if source.startswith("./")]
    assert len(files) >= 6
    assert [file for file in files if not (DEPLOY / file).exists()] == []


def test_nodes_have_no_rights_and_write_nowhere_but_into_their_data() -> None:
    for node in NODES:
        assert node["read_only"]
        assert node["cap_drop"] == ["ALL"]
        assert [volume.split(":")[1] for volume in node["volumes"]] == ["/var/lib/ratedip"]
    pod = manifest(BASE / "deployment.yaml")["spec"]["template"]["spec"]
    security = pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert security["readOnlyRootFilesystem"]
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_plans_are_shared_out_over_all_processes_there_may_be() -> None:
    settings = NODES[0]["environment"]
    assert int(settings["RATEDIP_FLEET_WORKERS"]) == len(NODES) * int(settings["RATEDIP_WORKERS"])
    for folder in (BASE, PRODUCTION):
        most = manifest(folder / "scaling.yaml")["spec"]["maxReplicas"]
        made = literals(BASE) | literals(folder)
        assert int(made["RATEDIP_FLEET_WORKERS"]) == most * int(made["RATEDIP_WORKERS"])


def test_nobody_is_killed_before_the_drain_is_over() -> None:
    for node in NODES:
        assert int(node["stop_grace_period"].removesuffix("s")) > DRAIN_S
    pod = manifest(BASE / "deployment.yaml")["spec"]["template"]["spec"]
    pause_s = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause_s + DRAIN_S


def test_the_variables_of_kubernetes_are_not_taken_for_settings() -> None:
    """
    Those of a service "ratedip" begin with RATEDIP_, too: RATEDIP_PORT=tcp://10.0.0.1:80.
    """
    assert manifest(BASE / "deployment.yaml")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_only_nodes_told_of_haproxy_believe_it() -> None:
    address = SERVICES["haproxy"]["networks"]["asked"]["ipv4_address"]
    assert [node["environment"]["RATEDIP_TRUSTED_PROXIES"] for node in NODES] == [f"{address}/32"] * len(NODES)


def test_haproxy_knows_a_stopping_node_before_its_idle_connections_close() -> None:
    """
    A draining node keeps an idle connection for two seconds; what is sent on it later is lost.
    """
    inter, fast, fall = re.findall(r"inter (\d+)ms fastinter (\d+)ms .*fall (\d+)", HAPROXY)[0]
    assert int(inter) + (int(fall) - 1) * int(fast) <= 1000
    assert "retry-on conn-failure\n" in HAPROXY


def test_haproxy_tells_a_look_up_from_all_else() -> None:
    """
    By the beginning of its path, which costs less than an expression; a page asked for without a format has time.
    """
    starts = tuple(path for line in re.findall(r"acl is_lookup path_beg (.*)", HAPROXY) for path in line.split())
    lookups = {path.decode() for path, route in ROUTES.items() if b"GET" in route.methods and b"." in path}
    assert {path.rpartition(".")[0] + "." for path in lookups} == set(starts)
    paths = {path.format(format="json") for path in openapi()["paths"]}
    assert {path for path in paths if path.startswith(starts)} == lookups & paths


def test_the_image_is_made_by_steps_that_are_known_and_runs_as_nobody_s_root() -> None:
    steps = [line.split()[0] for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and line[0] not in "# "]
    assert set(steps) <= STEPS
    assert steps.count("FROM") == 2
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"[a-z]+:\d+\.\d+-[a-z-]+", bases[0])
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nENTRYPOINT ")
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert [name for name in source.split() if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ["runbook", "deploy"])
def test_every_command_of_the_page_is_one(page: str) -> None:
    """
    Words in lower case name a command; those in capitals, options and files are what it is given.
    """
    text = (ROOT / "docs" / f"{page}.md").read_text()
    typed = re.findall(r"(?:^|[`(]|  |node-1 )ratedip ((?:[a-z-]+ ?)+)", text, re.MULTILINE)
    assert len(typed) >= 4
    for words in typed:
        found: Any = typer.main.get_command(app)
        for word in words.split():
            if not hasattr(found, "commands"):
                break
            assert word in found.commands, words
            found = found.commands[word]
