"""Debian's Prometheus and Alertmanager for tests: started on free ports, asked over HTTP, ended with the test."""

import asyncio
import json
import shutil
import socket
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_alerts import FILE

HERE = FILE.parent
MISSING = [name for name in ("prometheus", "promtool", "prometheus-alertmanager") if shutil.which(name) is None]
PATIENCE = 90.0


@dataclass(frozen=True)
class Watchers:
    """A Prometheus that scrapes, and the Alertmanager that it tells."""

    prometheus: int
    alertmanager: int

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        asked = urllib.parse.urlencode({"query": expression})
        answer = await _asked(f"http://127.0.0.1:{self.prometheus}/api/v1/query?{asked}")
        assert answer["status"] == "success"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def value(self, expression: str) -> float | None:
        """The one number that a query has; None where it has none."""
        found = await self.query(expression)
        return float(found[0]["value"][1]) if found else None

    async def alerts(self) -> set[tuple[str, str, str]]:
        """Name, instance and connection of every alert that Alertmanager holds active."""
        active = await _asked(f"http://127.0.0.1:{self.alertmanager}/api/v2/alerts?active=true")
        held = [one["labels"] for one in active]
        return {(one["alertname"], one.get("instance", ""), one.get("connection", "")) for one in held}


async def until(so: "Callable[[], Any]", what: str) -> None:
    """Wait until an asynchronous condition holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not await so():
        assert loop.time() < deadline, what
        await asyncio.sleep(0.2)


@asynccontextmanager
async def watchers(folder: Path, targets: Iterable[str], token: str = "") -> AsyncIterator[Watchers]:
    """Prometheus, with every rule of ours, and Alertmanager."""
    prometheus, alertmanager = _free_port(), _free_port()
    authorization = {"authorization": {"credentials": token}} if token else {}
    # A JSON file is a YAML file.
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(HERE / "*.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [{"job_name": "gatelight", "static_configs": [{"targets": list(targets)}], **authorization}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    route = {"route": {"receiver": "none", "group_wait": "0s"}, "receivers": [{"name": "none"}]}
    (folder / "alertmanager.yml").write_text(json.dumps(route))
    commands = (
        (
            "prometheus-alertmanager",
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alerts",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ),
        (
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ),
    )
    running = []
    try:
        for command in commands:
            with (folder / f"{command[0]}.log").open("wb") as log:
                running.append(await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, cwd=folder))
        found = Watchers(prometheus, alertmanager)
        for port in (alertmanager, prometheus):
            await until(partial(_ready, port), f"{folder}: nothing answers on {port}")
        yield found
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ready(port: int) -> bool:
    try:
        return bool(await asyncio.to_thread(_read, f"http://127.0.0.1:{port}/-/ready"))
    except OSError:
        return False


async def _asked(url: str) -> Any:
    return json.loads(await asyncio.to_thread(_read, url))


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20.0) as answer:
        read: bytes = answer.read()
        return read


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
