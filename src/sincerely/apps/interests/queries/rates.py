"""How often a label's links are clicked per mail seen: pooled with what is usual."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import cache
from django.db.models import Count, F, Q, Sum

from sincerely.apps.engagement.models import Delivery, Link
from sincerely.apps.engagement.rules.counting import TELLING_ROLES
from sincerely.apps.interests.models import LabelDay
from sincerely.apps.interests.rules.strength import UNDECIDED_WEIGHT, pooled_rate

NEWEST_MAILINGS = 5  # enough to know a rate; a count over all mails ever sent would take seconds
KEEP_SECONDS = 3600  # a rate moves slowly
SEEN = Q(human_open_count__gt=0) | Q(human_click_count__gt=0)


def rates_of(label_ids: Iterable[int]) -> dict[int, float]:
    """Return the clicks per mail seen of each label, over its newest mailings."""
    keys = {f"label-rate-{pk}": pk for pk in label_ids}
    known = cache.get_many(keys)
    fresh = {key: _rate(pk) for key, pk in keys.items() if key not in known}
    cache.set_many(fresh, KEEP_SECONDS)
    return {pk: (known | fresh)[key] for key, pk in keys.items()}


def mailings_with(label_ids: Iterable[int], mailing_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return, per label, which of these mailings have a link with it."""
    found: dict[int, set[int]] = {pk: set() for pk in label_ids}
    links = Link.objects.filter(
        mailing_id__in=list(mailing_ids), label_id__in=list(found), role__in=TELLING_ROLES
    )
    for label_id, mailing_id in links.values_list("label_id", "mailing_id").distinct():
        found[label_id or 0].add(mailing_id)
    return found


def _rate(label_id: int) -> float:
    links = Link.objects.filter(label_id=label_id, role__in=TELLING_ROLES)
    newest = list(
        links.order_by("-mailing_id")
        .values_list("mailing_id", flat=True)
        .distinct()[:NEWEST_MAILINGS]
    )
    if not newest:
        return pooled_rate(0, seen=0)
    seen = Delivery.objects.filter(SEEN, mailing_id__in=newest).aggregate(n=Count("pk"))["n"]
    clicks = LabelDay.objects.filter(label_id=label_id, mailing_id__in=newest).aggregate(
        n=Sum(F("human_count") + UNDECIDED_WEIGHT * F("undecided_count"))
    )["n"]
    return pooled_rate(float(clicks or 0), seen=seen)
