"""An API client that repeats its writes until it is killed; the nursery runs it like an engine."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.test import Client


def plan_path() -> Path:
    """Where the plan of the calls lies: the authorization, and the names to make keys for."""
    return Path(settings.HOME) / "api-plan.json"


def call(client: Client, authorization: str, name: str, scope: str = "view") -> HttpResponse:
    """Make an API key of that name, under that name as Idempotency-Key."""
    return client.post(
        "/api/v1/team/keys",
        json.dumps({"name": name, "scopes": [scope]}),
        content_type="application/json",
        headers={"authorization": authorization, "idempotency-key": name},
    )


def run(stop: threading.Event) -> None:
    """Make all the calls of the plan, each twice."""
    plan = json.loads(plan_path().read_text())
    client = Client()
    for name in plan["names"]:
        for _ in range(2):
            if stop.is_set():
                return
            assert call(client, plan["authorization"], name).status_code == 201
            _note(plan, name)
    stop.wait()


def _note(plan: dict[str, str], name: str) -> None:
    """Write down when a call was answered, if the plan wants it."""
    if "answers" in plan:
        with Path(plan["answers"]).open("a") as answers:
            answers.write(f"{time.time()} {name}\n")
