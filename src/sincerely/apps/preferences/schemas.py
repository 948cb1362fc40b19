"""What the API takes and gives of the contacts' own pages."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import Field


class ThankYouIn(Schema):
    """A brand's own words on the thank-you page; what is empty is in ours."""

    heading: str = Field("", max_length=120)
    words: str = Field("", max_length=2_000)
    offer: str = Field("", max_length=2_000)
    offer_label: str = Field("", max_length=60)
    offer_url: str = Field("", max_length=500)


class ThankYouOut(ThankYouIn):
    """The words as they are stored; without a time none are, and the page is in ours."""

    brand_id: int
    language: str
    changed_at: datetime | None
