"""Every word that the editor island says, in the member's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """Return the island's words by the names it knows them by."""
    return _doing() | _asking() | _saying()


def _doing() -> dict[str, str]:
    return {
        "write": _("Write"),
        "text": _("Plain text"),
        "source": _("Source"),
        "block": _("Block"),
        "links": _("Links"),
        "preview": _("Preview"),
        "undo": _("Undo"),
        "redo": _("Do again"),
        "versions": _("Versions"),
        "restore": _("Restore"),
        "keep": _("Keep as template"),
        "add": _("Add a block"),
        "addHere": _("Add a block here"),
        "addBelow": _("Add a block below"),
        "up": _("Move up"),
        "down": _("Move down"),
        "copy": _("Duplicate"),
        "delete": _("Delete"),
        "drag": _("Drag to another place"),
        "save": _("Save this block"),
        "forget": _("Forget"),
        "close": _("Close"),
        "cancel": _("Cancel"),
        "insert": _("Insert"),
        "choose": _("Choose a picture"),
        "upload": _("Upload a picture"),
        "remove": _("Remove"),
        "addItem": _("Add one"),
        "bold": _("Bold"),
        "italic": _("Italic"),
        "link": _("Link"),
        "unlink": _("Remove the link"),
        "list": _("List"),
        "heading": _("Large heading"),
        "subheading": _("Heading"),
        "smallHeading": _("Small heading"),
        "paragraph": _("Paragraph"),
        "personalise": _("Personalise"),
        "regenerate": _("Make it anew from the mail"),
        "toMjml": _("Write in MJML"),
        "toHtml": _("Write in HTML"),
        "toBlocks": _("Back to blocks"),
        "takeTheirs": _("Show theirs"),
        "keepMine": _("Put mine on top"),
    }


def _asking() -> dict[str, str]:
    return {
        "subject": _("Subject"),
        "preheader": _("Line after the subject"),
        "blockName": _("A name for this block"),
        "address": _("Where does it lead?"),
        "label": _("Label"),
        "noLabel": _("no label"),
        "field": _("What to put here"),
        "fallback": _("If we do not know it"),
        "friend": _("friend"),
        "shownTo": _("Shown to"),
        "everybody": _("everybody"),
        "some": _("only those who …"),
        "allOf": _("all of these"),
        "anyOf": _("any of these"),
        "addCondition": _("Add a condition"),
        "hasLabel": _("have the label"),
        "hasNotLabel": _("do not have the label"),
        "clicked": _("clicked on the label"),
        "times": _("times or more"),
        "onList": _("are on the list"),
        "inSegment": _("are in the segment"),
        "fieldIs": _("have in the field"),
        "equals": _("the value"),
        "others": _("Everybody else sees"),
        "nothing": _("nothing"),
        "otherBlock": _("another block"),
        "ownRule": _("A rule from the segments' language:"),
        "as": _("Seen by"),
        "searchImages": _("Search pictures"),
    }


def _saying() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "saving": _("Saving …"),
        "unsaved": _("Not saved yet"),
        "offline": _(
            "Not saved: the server cannot be reached. We keep trying; keep this page open."
        ),
        "refused": _("Not saved:"),
        "conflict": _("Changed by somebody else"),
        "moved": _("Moved to place"),
        "of": _("of"),
        "added": _("Added:"),
        "deleted": _("Deleted:"),
        "copied": _("Duplicated:"),
        "undone": _("Undone"),
        "redone": _("Done again"),
        "blockSaved": _("The block is saved."),
        "locked": _("The footer cannot be lost: it holds what every mail must say."),
        "emptyText": _("Write here …"),
        "emptyImage": _("Drop a picture here, paste one, or choose one"),
        "remoteImage": _("A picture from another server: readers' mail programs will fetch it."),
        "noLinks": _("No links yet."),
        "linksHint": _("A click on a labelled link tells what somebody cares about."),
        "noBlock": _("Click a block to see its settings."),
        "shownHere": _("Shown to some"),
        "elseHere": _("Everybody else sees this"),
        "generated": _("Made from your mail. Type to change it."),
        "edited": _("You have changed this text. It no longer follows the mail."),
        "sourceHint": _("For those who know MJML or HTML. Liquid works here too."),
        "sourceWarn": _("Your blocks stay as they are; the mail is made from this source instead."),
        "versionsHint": _("What stands now is kept as well."),
        "by": _("by"),
        "desktop": _("Desktop"),
        "phone": _("Phone"),
        "dark": _("Dark"),
        "noPreview": _("There is no preview here yet."),
        "uploading": _("Taking in the picture …"),
        "envelope": _("Envelope"),
        "sample": _("somebody"),
        "keys": _("Alt and the arrow keys move a block. Ctrl and Z undoes."),
    }
