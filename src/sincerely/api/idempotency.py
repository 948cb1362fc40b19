"""`Idempotency-Key` on every write: a repeat gets the first answer, nothing is done twice.

The claim of the key, the act and the answer are one transaction. After a crash none of them is
there, so the request may be repeated; a repeat that comes meanwhile waits for the first. Answers
of 5xx are not kept: their transaction is rolled back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from sincerely.api.shape import ROOT, body
from sincerely.apps.team import actions, queries
from sincerely.apps.team.models import IdempotencyKey
from sincerely.wire.clock import now

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LONGEST = 200
BEARER = "bearer"

Next = Callable[[HttpRequest], HttpResponse]


class IdempotencyMiddleware:
    """Stands before the API's views."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or repeat the first answer to it."""
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method not in WRITES or not request.path.startswith(ROOT):
            return self.get_response(request)
        if len(key) > LONGEST:
            message = f"An Idempotency-Key has at most {LONGEST} characters."
            return JsonResponse(body(422, message), status=422)
        api_key_id = _api_key_id(request)
        if api_key_id is None:  # the view refuses it
            return self.get_response(request)
        return self._once(request, key, api_key_id=api_key_id)

    def _once(self, request: HttpRequest, key: str, *, api_key_id: int) -> HttpResponse:
        digest = request_hash(request)
        with transaction.atomic():
            row, is_first = actions.claim_answer(
                key, api_key_id=api_key_id, request_hash=digest, now=now()
            )
            if not is_first:
                return _repeat(row, digest)
            with transaction.atomic():  # what a refused request had begun goes, its answer stays
                response = self.get_response(request)
                if response.status_code >= 400:
                    transaction.set_rollback(True)
            if response.status_code >= 500:
                transaction.set_rollback(True)
                return response
            text = "" if response.streaming else response.content.decode()
            actions.keep_answer(row.pk, status=response.status_code, body=text)
        return response


def request_hash(request: HttpRequest) -> bytes:
    """Return what identifies the request: method, address with query, and body."""
    parts: list[Any] = [request.method, request.get_full_path()]
    head = json.dumps(parts).encode()
    return hashlib.sha256(head + b"\x00" + request.body).digest()


def _api_key_id(request: HttpRequest) -> int | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != BEARER:  # as the view reads it: a scheme has no case (RFC 9110, 11.1)
        return None
    found = queries.key_by_secret(secret.strip())
    return found.pk if found else None


def _repeat(row: IdempotencyKey, digest: bytes) -> HttpResponse:
    if bytes(row.request_hash) != digest:
        message = "This Idempotency-Key was used for another request."
        return JsonResponse(body(422, message), status=422)
    response = HttpResponse(row.body, status=row.status, content_type="application/json")
    response["Idempotency-Replayed"] = "true"
    return response
