"""The kinds of block a mail is built from, in the order in which the editor offers them."""

from __future__ import annotations

from sincerely.apps.content.rules.blocks.calls import BUTTON, CONFIRM, SOCIAL
from sincerely.apps.content.rules.blocks.footer import FOOTER
from sincerely.apps.content.rules.blocks.pictures import (
    COLUMNS,
    DIVIDER,
    IMAGE,
    PRODUCT,
    SPACER,
)
from sincerely.apps.content.rules.blocks.schema import Kind
from sincerely.apps.content.rules.blocks.words import HEADER, REPLY, SOURCE, TEXT

KINDS: dict[str, Kind] = {
    kind.type: kind
    for kind in (
        *(TEXT, IMAGE, BUTTON, COLUMNS, PRODUCT, DIVIDER, SPACER, SOCIAL, REPLY, CONFIRM),
        *(HEADER, SOURCE, FOOTER),
    )
}
