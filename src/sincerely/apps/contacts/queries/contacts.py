"""Reads of contacts: by id, by address, by prefix, by page; each on an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import connection
from django.db.models import Q

from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import key_of, parse_address

# One above every character that an address or a name may start with, for prefix ranges.
_LAST = "\U0010ffff"


def address_key(raw: str) -> bytes:
    """Return the 16 bytes under which this address is known; raises BadAddress."""
    return key_of(settings.ADDRESS_KEY, parse_address(raw).key_text)


def contact(contact_id: int) -> Contact | None:
    """Return the contact, or None."""
    return Contact.objects.filter(pk=contact_id).first()


def contacts_by_id(contact_ids: Iterable[int]) -> dict[int, Contact]:
    """Return the contacts by id; unknown ids are left out."""
    return Contact.objects.in_bulk(list(contact_ids))


def contacts_at(raw_address: str) -> list[Contact]:
    """Return every contact that has this address, the first one first; raises BadAddress."""
    return list(
        Contact.objects.filter(address_key=address_key(raw_address)).order_by("share_number")
    )


def page_after(contact_id: int, *, limit: int) -> list[Contact]:
    """Return contacts with a higher id, in order of id."""
    return list(Contact.objects.filter(pk__gt=contact_id).order_by("pk")[:limit])


def page_before(contact_id: int, *, limit: int) -> list[int]:
    """Return the ids just below this one, the highest first."""
    rows = Contact.objects.filter(pk__lt=contact_id).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def _starts(column: str, prefix: str) -> Q:
    """A prefix in the form that this database answers from its index."""
    if connection.vendor == "postgresql":
        return Q(**{f"{column}__startswith": prefix})
    return Q(**{f"{column}__gte": prefix, f"{column}__lt": prefix + _LAST})


def _spellings(text: str) -> Sequence[str]:
    """Return the ways people write a name: as typed, capitalised, all lower."""
    return list(dict.fromkeys((text, text.lower(), text.capitalize(), text.title())))


def find_prefix(text: str, *, limit: int = 20) -> list[int]:
    """Return ids of contacts whose address, last or first name starts with the text.

    Two words are read as first and last name, in either order. Three short index ranges instead of
    a scan: instant at a million contacts; at most `limit` per range are looked at.
    """
    words = text.split()
    if not words:
        return []
    found: dict[int, None] = {}
    for spelling in _spellings(text.strip()):
        for column in ("address", "last_name", "first_name"):
            rows = Contact.objects.filter(_starts(column, spelling)).values_list("pk", flat=True)
            found.update(dict.fromkeys(rows[:limit]))
    if len(words) == 2:
        found.update(dict.fromkeys(_by_two_names(words[0], words[1], limit=limit)))
    return list(found)[:limit]


def _by_two_names(one: str, other: str, *, limit: int) -> list[int]:
    found: list[int] = []
    for first, last in ((one, other), (other, one)):
        for name in dict.fromkeys((last, last.capitalize())):
            rows = Contact.objects.filter(_starts("last_name", name), first_name__istartswith=first)
            found.extend(rows.values_list("pk", flat=True)[:limit])
    return found
