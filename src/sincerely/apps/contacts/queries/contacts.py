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
# Of a text that is looked for; no name that is written out has more.
MOST_WORDS = 6


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
    """Return the ways people write a name: as typed, all lower, capitalised, 'de Boer'."""
    lower = text.lower()
    start, space, end = lower.rpartition(" ")
    tail = space + end.capitalize()
    spelled = (text, lower, text.capitalize(), text.title(), start + tail)
    return list(dict.fromkeys((*spelled, start.capitalize() + tail)))


def find_prefix(text: str, *, limit: int = 20) -> list[int]:
    """Return ids of contacts whose address, last or first name starts with the text.

    Several words are read as first and last name, in either order, parted anywhere. Short ranges of
    an index instead of a scan: instant at a million contacts.
    """
    words = text.split()[:MOST_WORDS]
    if not words:
        return []
    found: dict[int, None] = {}
    for spelling in _spellings(" ".join(text.split())):
        for column in ("address", "last_name", "first_name"):
            rows = Contact.objects.filter(_starts(column, spelling)).values_list("pk", flat=True)
            found.update(dict.fromkeys(rows[:limit]))
    if len(words) > 1:
        found.update(dict.fromkeys(_by_both_names(words, limit=limit)))
    return list(found)[:limit]


def _by_both_names(words: Sequence[str], *, limit: int) -> list[int]:
    """Return those whose first and last name start with the two parts of the words."""
    wanted = Q()
    for place in range(1, len(words)):
        one, other = " ".join(words[:place]), " ".join(words[place:])
        for first, last in ((one, other), (other, one)):
            for name in _spellings(last):
                wanted |= _starts("last_name", name) & Q(first_name__istartswith=first)
    return list(Contact.objects.filter(wanted).values_list("pk", flat=True)[:limit])
