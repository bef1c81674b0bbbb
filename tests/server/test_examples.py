"""The examples for servers: their schemas, their settings as Gatelight reads them, and every command in them."""

import json
import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any

import build_image
import jsonschema
import kubernetes_validate
import pytest
import yaml

from agent.app.metrics_host import HEALTH, READY
from agent.cli.options import build_parser
from agent.config.reading import load
from agent.core.settings import Settings
from agent.tws.hosts import is_loopback

HERE = Path(build_image.__file__).parent / "server"
COMPOSE = ("compose.yaml", "compose-ibga.yaml")
PAGES = sorted(path.name for path in HERE.iterdir())
CONFIGURATION = "/etc/gatelight/config.toml"
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::\?)?\}")


def compose(name: str) -> dict[str, Any]:
    """A compose file with its variables filled in."""
    text = VARIABLE.sub(lambda found: f"of-{found[1].lower()}-1234567890", (HERE / name).read_text(encoding="utf-8"))
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def kubernetes() -> dict[str, dict[str, Any]]:
    """The objects, by kind."""
    objects = yaml.safe_load_all((HERE / "kubernetes.yaml").read_text(encoding="utf-8"))
    return {one["kind"]: one for one in objects}


def settings(text: str, folder: Path) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def container(name: str) -> dict[str, Any]:
    found = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    one: dict[str, Any] = next(one for one in found if one["name"] == name)
    return one


@pytest.mark.parametrize("name", COMPOSE)
def test_a_compose_file_is_one(name: str) -> None:
    schema = files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(compose(name))


@pytest.mark.parametrize("kind", ["Secret", "Deployment", "Service"])
def test_kubernetes_would_take_it(kind: str) -> None:
    kubernetes_validate.validate(kubernetes()[kind], kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", COMPOSE)
def test_gatelight_reads_the_settings_of_a_compose_file(name: str, tmp_path: Path) -> None:
    read = compose(name)
    ours = read["services"]["gatelight"]
    (mounted,) = ours["configs"]
    found = settings(read["configs"][mounted["source"]]["content"], tmp_path)

    assert mounted["target"] == CONFIGURATION
    # The name of another service is its address.
    assert {one.host for one in found.connections} <= set(read["services"]) - {"gatelight"}
    assert found.metrics.token
    assert ours["volumes"] == [f"gatelight:{build_image.DATA}"]
    for published in ours.get("ports", ()):
        address, _, inside = published.rpartition(":")
        assert int(inside) == found.metrics.port
        assert is_loopback(address.rpartition(":")[0])


def test_gatelight_reads_the_settings_of_the_sidecar(tmp_path: Path) -> None:
    ours = container("gatelight")
    spec = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    places = {one["name"]: one["mountPath"] for one in ours["volumeMounts"]}
    secret = next(one["secret"]["secretName"] for one in spec["volumes"] if one["name"] == "settings")
    found = settings(kubernetes()["Secret"]["stringData"]["config.toml"], tmp_path)

    assert secret == kubernetes()["Secret"]["metadata"]["name"]
    assert f"{places['settings']}/config.toml" == CONFIGURATION
    assert places["data"] == build_image.DATA
    assert [one.host for one in found.connections] == ["127.0.0.1"], "the network of a pod is one"
    assert not is_loopback(found.metrics.address), "the kubelet asks from elsewhere"
    (port,) = ours["ports"]
    assert port["containerPort"] == found.metrics.port
    for probe, path in (("livenessProbe", HEALTH), ("readinessProbe", READY)):
        asked = ours[probe]["httpGet"]
        assert (asked["path"], asked["port"]) == (path, port["name"])
        assert asked["httpHeaders"] == [{"name": "Authorization", "value": f"Bearer {found.metrics.token}"}]


def test_the_image_and_the_examples_agree() -> None:
    given = dict(zip(build_image.CONFIGURATION[::2], build_image.CONFIGURATION[1::2], strict=True))
    user = container("gatelight")["securityContext"]

    assert given["--user"] == f"{user['runAsUser']}:{user['runAsGroup']}"
    assert given["--volume"] == build_image.DATA
    assert {"--env", "--port", "--healthcheck"} <= set(given)
    assert f"XDG_CONFIG_HOME={Path(CONFIGURATION).parents[1]}" in build_image.CONFIGURATION
    check = compose("compose.yaml")["services"]["gatelight"]["healthcheck"]["test"]
    assert [word.replace("$$", "$") for word in check] == ["CMD-SHELL", build_image.HEALTH]
    assert build_image.HEALTH in given["--healthcheck"]
    # Its command is one that there is.
    assert build_parser().parse_args(shlex.split(given["--cmd"])).log_format == "json"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_them_exists(page: str) -> None:
    text = (HERE / page).read_text(encoding="utf-8")
    for typed in re.findall(r"(?:`|exec gatelight |\")gatelight ((?:[\w-]+ ?)+)", text):
        build_parser().parse_args(typed.split())


def test_every_file_is_in_the_table_of_the_readme() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")

    told = re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)
    assert sorted(told) == [name for name in PAGES if name != "README.md"]
