"""What the deployment's files name exists: commands, processes, ports, settings, paths."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from sincerely.cli import COMMANDS, ENGINES
from sincerely.wire.health import PROCESSES
from tests.contracts.source import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SETTING = re.compile(r"\b(?:SINCERELY_[A-Z_]+|DATABASE_URL)\b")


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def _is_command(words: list[str]) -> bool:
    """Say whether the command line knows these words; %i is any process."""
    if words[0] == "engine":
        return words[1] == "%i" or words[1] in ENGINES
    return words[0] in COMMANDS


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_start_commands_that_there_are(unit: Any) -> None:
    [line] = re.findall(r"^ExecStart=(.+)$", unit.read_text(), flags=re.MULTILINE)
    program, *words = shlex.split(line)
    assert program == "/opt/sincerely/.venv/bin/sincerely"
    assert _is_command(words)


def test_the_timer_starts_a_unit_that_there_is() -> None:
    timers = {path.stem for path in (DEPLOY / "systemd").glob("*.timer")}
    assert timers
    assert timers <= {unit.stem for unit in UNITS}


def test_compose_starts_every_process() -> None:
    services = _compose()["services"]
    own = {name: one["command"].split() for name, one in services.items() if "command" in one}
    assert all(_is_command(words) for words in own.values())
    # The test mailbox keeps its mail in a file beside the pages: for one machine only.
    assert {words[1] for words in own.values() if words[0] == "engine"} == {*ENGINES} - {"mailbox"}
    for name, one in services.items():
        assert set(one.get("depends_on", {})) <= set(services), name


def test_compose_asks_each_process_for_its_health_where_it_answers() -> None:
    services = _compose()["services"]
    first = int(services["web"]["environment"]["SINCERELY_HEALTH"].rpartition(":")[2])
    for name in ("web", "tracker"):
        port = first + PROCESSES.index(name)
        assert f"http://127.0.0.1:{port}/healthz" in services[name]["healthcheck"]["test"][-1]


def test_the_proxy_asks_where_the_processes_listen() -> None:
    services = _compose()["services"]
    asked = re.findall(r"upstream sincerely_(\w+) \{\s*server 127\.0\.0\.1:(\d+);", _nginx())
    assert {name for name, _ in asked} == {"web", "tracker"}
    for name, port in asked:
        setting = services[name]["environment"][f"SINCERELY_{name.upper()}"]
        assert setting == f"0.0.0.0:{port}"
        [published] = services[name]["ports"]
        assert published.endswith(f":{port}")
    for passed in ("$host", "$proxy_add_x_forwarded_for", "$scheme"):
        assert passed in _nginx()


def test_every_setting_is_documented() -> None:
    known = set(SETTING.findall((ROOT / "docs" / "reference" / "settings.md").read_text()))
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    named = {name for path in files for name in SETTING.findall(path.read_text())}
    assert "SINCERELY_SECRET" in named
    assert named <= known


def test_the_image_is_made_of_files_that_there_are() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--from)", line)]
    run = [word for line in lines if line.startswith("RUN ") for word in line.split()]
    named = [name for names in copied for name in names]
    named += [word for word in run if word.startswith(("tools/", "requirements/"))]
    assert "tools/bootstrap" in named
    assert [name for name in named if not (ROOT / name).exists()] == []


def _nginx() -> str:
    return (DEPLOY / "nginx.conf").read_text()
