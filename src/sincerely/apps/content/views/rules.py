"""What a block's rule comes to while it is typed: its sentence, how many, what is wrong."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from sincerely.apps.segments import queries
from sincerely.apps.segments.forms import said
from sincerely.apps.segments.rules import check, sentence
from sincerely.apps.segments.surroundings import catalogue_of
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.strict_json import read_or_none


@requires(Capability.EDIT_CONTENT)
@require_POST
def weigh(request: HttpRequest) -> JsonResponse:
    """Answer the rule's sentence, and its count or its problems; nothing is stored."""
    rule = read_or_none(request.body or b"null")
    catalogue = catalogue_of(rule)
    problems = [said(problem) for problem in check(rule, catalogue)][:3]
    if problems:
        return JsonResponse({"problems": problems})
    return JsonResponse(
        {
            "sentence": sentence(rule, catalogue, gettext),
            "count": queries.count(rule, now=clock.now()),
            "problems": [],
        }
    )
