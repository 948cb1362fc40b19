"""The saved blocks: what was kept in the editor, to be renamed or deleted."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.content.actions import editing as actions
from sincerely.apps.content.forms.blocks import BlockNameForm
from sincerely.apps.content.models import SavedBlock
from sincerely.apps.content.queries import editing as queries
from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock


@requires(Capability.EDIT_CONTENT)
def saved_blocks(request: HttpRequest) -> HttpResponse:
    """List the saved blocks by name."""
    rows = [(block, _kind(block)) for block in queries.saved_blocks()]
    return render(request, "content/saved_blocks.html", {"rows": rows})


@requires(Capability.EDIT_CONTENT)
def saved_block(request: HttpRequest, block_id: int) -> HttpResponse:
    """Show one saved block; POST renames it."""
    block = _known(block_id)
    form = BlockNameForm(request.POST or None, initial={"name": block.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_saved_block(
                block_id, name=form.cleaned_data["name"], now=clock.now(), actor=actor_of(request)
            )
        except actions.NameTaken:
            form.add_error("name", _("Another saved block has this name."))
        else:
            messages.success(request, _("Saved."))
            return redirect("content:saved-block-list")
    context = {"form": form, "saved": block, "kind": _kind(block)}
    return render(request, "content/saved_block.html", context, status=422 if form.errors else 200)


@requires(Capability.EDIT_CONTENT)
@require_POST
def delete_block(request: HttpRequest, block_id: int) -> HttpResponse:
    """Delete a saved block."""
    _known(block_id)
    actions.delete_saved_block(block_id, now=clock.now(), actor=actor_of(request))
    messages.success(request, _("The block is deleted. Mails that use it keep their copy."))
    return redirect("content:saved-block-list")


def _known(block_id: int) -> SavedBlock:
    block = queries.saved_block(block_id)
    if block is None:
        raise Http404
    return block


def _kind(block: SavedBlock) -> str:
    kind = KINDS.get(block.block.get("type", ""))
    return _(kind.name) if kind else ""
