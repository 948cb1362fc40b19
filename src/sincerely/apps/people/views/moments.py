"""The words of the timeline: what each kind of line says, in the member's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sincerely.apps.consent.queries.confirmations import CLICKED, CONFIRMED
from sincerely.apps.people.queries.contact_page import Moment


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story as it is shown."""

    at: datetime
    title: str
    text: str = ""
    icon: str = "circle-dot"
    tone: str = "calm"
    by: str = ""
    state: str = ""


SOURCES = {
    "manual": gettext_lazy("a member, by hand"),
    "import": gettext_lazy("an import"),
    "api": gettext_lazy("the API"),
    "sample": gettext_lazy("the sample"),
}
# What the program stored about an act, in English; what a person wrote stays as it is.
STORED = {
    "everything": gettext_lazy("everything"),
    "this kind of mail": gettext_lazy("this kind of mail"),
    "unsubscribe page": gettext_lazy("unsubscribe page"),
    "preferences page": gettext_lazy("preferences page"),
    "one-click": gettext_lazy("one click in the mail program"),
    "one-click unsubscribe": gettext_lazy("one-click unsubscribe"),
    "opt-out import": gettext_lazy("opt-out import"),
    "complaint": gettext_lazy("complaint"),
    "told a member": gettext_lazy("told a member"),
    "sample": gettext_lazy("the sample"),
}
_EVENTS = {
    "sent": ("send", "calm"),
    "delivered": ("circle-check", "good"),
    "bounced": ("mail-off", "bad"),
    "opened": ("mail-opened", "good"),
    "clicked": ("click", "good"),
    "unsubscribed": ("ban", "bad"),
    "complained": ("alert-triangle", "bad"),
    "confirmed": ("circle-check", "good"),
}


def _event(moment: Moment) -> Told:
    event = moment.row
    titles = {
        "sent": _("Mail sent"),
        "delivered": _("Mail delivered"),
        "bounced": _("Mail bounced"),
        "opened": _("Opened the mail"),
        "clicked": _("Clicked a link"),
        "replied": _("Replied"),
        "forwarded": _("Forwarded the mail"),
        "unsubscribed": _("Unsubscribed"),
        "complained": _("Complained of spam"),
        "confirmed": _("Pressed ‘keep writing to me’"),
    }
    icon, tone = _EVENTS.get(event.kind, ("circle-dot", "calm"))
    is_human = event.verdict == "human"
    parts = [event.mailing.name if event.mailing else ""]
    if event.link:
        parts.append(event.link.text or event.link.url)
        if event.link.label:
            parts.append(_("label “%(label)s”") % {"label": event.link.label.name})
    if event.is_simulated:
        parts.append(_("simulated in the test mailbox"))
    parts.append(str(STORED.get(event.detail, event.detail)))
    return Told(
        at=moment.at,
        title=titles.get(event.kind, event.kind),
        text=" · ".join(p for p in parts if p),
        icon=icon,
        tone=tone if is_human else "calm",
        state="" if is_human else event.verdict,
    )


def _label(moment: Moment) -> Told:
    change = moment.row
    if not change.is_news:
        title = _("Label “%(label)s” confirmed")
    else:
        title = _("Label “%(label)s” given") if change.is_added else _("Label “%(label)s” taken")
    parts = [change.get_route_display(), change.mailing.name if change.mailing else ""]
    if change.import_id:
        parts.append(_("import %(number)s") % {"number": change.import_id})
    return Told(
        at=moment.at,
        title=title % {"label": change.label.name},
        text=" · ".join(p for p in parts if p),
        icon="tag",
        tone="good" if change.is_added else "wait",
        by=moment.member,
    )


def _consent(moment: Moment) -> Told:
    record = moment.row
    kind = record.subscription_type
    name = kind.name if kind else _("all marketing mail")
    permits = record.act == "permit"
    title = _("Agreed to %(type)s") if permits else _("Opted out of %(type)s")
    if permits and record.cause in (CLICKED, CONFIRMED):
        title = _("Reconfirmed %(type)s")
    parts = [record.get_channel_display()]
    if permits:
        parts.append(record.get_evidence_display())
    if record.revoked_at:
        parts.append(_("taken back, no longer counts"))
    return Told(
        at=moment.at,
        title=title % {"type": name},
        text=" · ".join(
            [
                *(str(p) for p in parts),
                *([str(STORED.get(record.cause, record.cause))] if record.cause else []),
            ]
        ),
        icon="circle-check" if permits else "ban",
        tone="good" if permits else "bad",
        by=moment.member,
    )


def _note(moment: Moment) -> Told:
    note = moment.row
    titles = {
        "created": _("Stored"),
        "edited": _("Details changed"),
        "imported": _("Imported"),
        "remark": _("Remark"),
        "merged": _("Merged"),
    }
    icons = {"created": "user", "edited": "edit", "remark": "notes", "imported": "file-import"}
    return Told(
        at=moment.at,
        title=titles.get(note.act, note.act.replace("_", " ").capitalize()),
        text=_note_text(note.detail),
        icon=icons.get(note.act, "circle-dot"),
        by=moment.member,
    )


def _note_text(detail: dict[str, Any]) -> str:
    if "text" in detail:
        return str(detail["text"])
    changes = detail.get("changes")
    if isinstance(changes, dict):
        return "; ".join(
            f"{name.removeprefix('fields.').replace('_', ' ')}: {_shown(old)} → {_shown(new)}"
            for name, (old, new) in changes.items()
        )
    if "source" in detail:
        return _("by %(way)s") % {"way": SOURCES.get(detail["source"], detail["source"])}
    return ", ".join(f"{key}: {value}" for key, value in detail.items())


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)


def _message(moment: Moment) -> Told:
    message = moment.row
    return Told(
        at=moment.at,
        title=message.mailing.name,
        text=message.get_reason_display() or message.get_state_display(),
        icon="mail-off" if message.reason else "clock",
        state=message.state,
    )


def _entered(moment: Moment) -> Told:
    title = _("Came into the segment “%(segment)s”") % {"segment": moment.row.segment.name}
    return Told(at=moment.at, title=title, icon="arrow-right")


def _left(moment: Moment) -> Told:
    title = _("Left the segment “%(segment)s”") % {"segment": moment.row.segment.name}
    return Told(at=moment.at, title=title, icon="arrow-left")


_TELLERS: dict[str, Callable[[Moment], Told]] = {
    "event": _event,
    "label": _label,
    "consent": _consent,
    "note": _note,
    "message": _message,
    "entered": _entered,
    "left": _left,
}


def told(moment: Moment) -> Told:
    """Return a line of the timeline in words."""
    return _TELLERS[moment.kind](moment)
