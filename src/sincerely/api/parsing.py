"""What a program sends, read strictly (wire/strict_json.py).

Said here once, no endpoint needs to know of it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from sincerely.wire import strict_json


class StrictParser(Parser):
    """Reads bodies and queries; raises Unwritable."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the JSON of the body."""
        return strict_json.read(request.body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Return what a query or a form says by name."""
        for name in data:
            for one in (name, *data.getlist(name)):
                strict_json.check(one)
        return super().parse_querydict(data, list_fields, request)
