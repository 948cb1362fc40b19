"""Reads of the stored sets: which are ready, whom touches wait for, what is true."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import accumulate

from django.db.models import Max, Q
from django.db.models.functions import Length
from pyroaring import BitMap

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.compile import within
from sincerely.apps.segments.models import StoredSet, Touch
from sincerely.apps.segments.queries.facets import facet_fields
from sincerely.apps.segments.queries.fetching import (
    fetch_numbers,
    set_of,
    touched_numbers,
    unstrung,
)
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.sql.kept import OF_MAILING, name_of
from sincerely.apps.segments.sql.sources import (
    PLACE,
    SOURCES,
    Source,
    SourceKey,
    read_anew,
    touched_by,
)

# Beyond so many touched contacts the plain statement is the quicker reading.
MOST_TOUCHED = 100_000


def ready_sets(names: Collection[str]) -> dict[str, BitMap]:
    """Return those of these sets that are ready."""
    found = StoredSet.objects.filter(name__in=names, state=StoredSet.State.READY)
    return {
        name: BitMap.deserialize(bytes(bits)) for name, bits in found.values_list("name", "bitmap")
    }


def waiting(names: Iterable[str]) -> dict[SourceKey, BitMap] | None:
    """Return the touched contacts by source and key of these sets; None for too many.

    Read it before the sets: what is taken in between the two reads is then in both.
    """
    places = {place for name in names for place in touched_by(name)}
    found = touched_numbers(places, most=MOST_TOUCHED) if places else {}
    if sum(map(len, found.values())) > MOST_TOUCHED:
        return None
    return {touched: set_of(ids) for touched, ids in found.items()}


def oldest_touches(limit: int) -> tuple[list[tuple[int, str, int, list[int]]], bool]:
    """Return number, source to read, key and contacts of the oldest touches; are there more?

    They name `limit` contacts at most, or one touch names more.
    """
    rows = Touch.objects.order_by("pk")
    sizes = [size or 4 for size in rows.values_list(Length("contact_ids"), flat=True)[:limit]]
    count = max(sum(1 for size in accumulate(sizes) if size <= 4 * limit), 1)
    found = rows.values_list("pk", "source", "key", "contact_id", "contact_ids")[:count]
    touches = [
        (pk, read_anew(source), key, unstrung(bytes(many)).tolist() if many else [one])
        for pk, source, key, one, many in found
    ]
    return touches, count < len(sizes) or len(sizes) == limit


def members_of(source: Source, key: int, *, among: Collection[int] | None = None) -> list[BitMap]:
    """Return who is in each set of a source's key today, of all contacts or among some."""
    query = _narrowed(source, among, (key,) * source.is_keyed)
    ids, masks = fetch_numbers(query, 2)
    return [set_of(ids[(masks & (1 << place)) != 0]) for place in range(len(source.kinds))]


def recipients_who(mailing_id: int, did: str) -> BitMap:
    """Return whose delivery of a mailing, or one of them, is such (a word of OF_MAILING)."""
    found = recipients_by_deed(mailing_id, [did])
    if found is None:
        return members_of(SOURCES["mailing"], mailing_id)[OF_MAILING.index(did)]
    return found[did]


def recipients_by_deed(
    mailing_id: int, deeds: Collection[str] = OF_MAILING
) -> dict[str, BitMap] | None:
    """Return `recipients_who` for several words by stored sets; None where none are ready."""
    sets = current_sets([name_of(did, mailing_id) for did in deeds])
    return None if sets is None else {did: sets[name_of(did, mailing_id)] for did in deeds}


def current_sets(names: Collection[str]) -> dict[str, BitMap] | None:
    """Return these sets as they are today; None where one is not ready or too much has changed.

    Not for values of fields.
    """
    touches = waiting(names)
    sets = ready_sets(names)
    if touches is None or len(sets) < len(set(names)):
        return None
    for (source, key), ids in touches.items():
        read = SOURCES[read_anew(source)]
        fresh = members_of(read, key, among=ids.to_array())
        for name, members in zip(read.names(key), fresh, strict=True):
            if name in sets:
                sets[name] = (sets[name] - ids) | members
    return sets


def _narrowed(
    source: Source, among: Collection[int] | None, params: tuple[int, ...]
) -> ContactQuery:
    if among is None:
        return ContactQuery(source.sql.replace(PLACE, ""), params)
    inside, ids = within(source.column, among)
    return ContactQuery(source.sql.replace(PLACE, f"AND {inside}"), (*params, *ids))


def stored_rows(names: Collection[str], fields: Iterable[str] = ()) -> list[StoredSet]:
    """Return the rows of these sets, and of each value of these fields."""
    wanted = Q(name__in=names)
    for field in fields:
        name = name_of("field", field)
        # '>' comes after '=', so this is every value, by the primary key.
        wanted |= Q(name=name) | Q(name__gte=f"{name}=", name__lt=f"{name}>")
    return list(StoredSet.objects.filter(wanted))


def unbuilt(*, fewest: int, since: datetime) -> tuple[str, int | str] | None:
    """Return a source and key (or 'field' and its name) of which no set stands, if any.

    None also while there are fewer contacts than `fewest`. Whose building was announced before
    `since` counts as missing.
    """
    if (Contact.objects.aggregate(last=Max("pk"))["last"] or 0) < fewest:
        return None
    standing = ~Q(state=StoredSet.State.BUILDING) | Q(changed_at__gte=since)
    found = StoredSet.objects.filter(standing).exclude(name__contains="=")
    there = set(found.values_list("name", flat=True))
    for source, keys in _wanted():
        for key in keys:
            if not set(SOURCES[source].names(key)) <= there:
                return source, key
    missing = (field for field in facet_fields() if name_of("field", field) not in there)
    return next((("field", field) for field in missing), None)


def _wanted() -> Iterator[tuple[str, Iterable[int]]]:
    yield "contact", (0,)
    yield "opt_out", (0,)
    yield "permission", SubscriptionType.objects.values_list("pk", flat=True)
    yield "list", ContactList.objects.values_list("pk", flat=True)
    yield "label", Label.objects.values_list("pk", flat=True)
    yield "mailing", Mailing.objects.order_by("-pk").values_list("pk", flat=True)
