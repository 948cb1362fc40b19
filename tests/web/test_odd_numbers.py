"""Numbers that no row has, in addresses and forms: passed over or refused, never a broken page."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.consent.queries import opt_out_of
from tests.apps.sending.people import add_contact
from tests.cast import Cast

ODD = ("²", "१२", "-1", "1.5", "9" * 25, str(2**63), "", "x")
ADDRESSES = (
    "/mail/campaigns/?before={}",
    "/mail/images/?before={}",
    "/mail/test-mailbox/?before={}",
    "/people/?label={}&list={}&before={}",
    "/people/diagnosis/?import={}",
    "/people/diagnosis/bounced/?after={}",
    "/people/export/?before={}",
    "/people/import/?before={}",
    "/people/suppression/?before={}",
    "/people/why/?contact={}&campaign={}",
    "/reports/?before={}",
    "/settings/audit/?before={}",
)
FORMS = (
    ("/people/bulk/", {"act": "give", "label_id": "1", "chosen": "{}"}),
    ("/people/bulk/", {"act": "list", "list_id": "{}", "chosen": "1"}),
    ("/people/diagnosis/bounced/keep/", {"import": "{}"}),
)


@pytest.mark.parametrize("odd", ODD)
def test_odd_numbers_break_no_page(cast: Cast, client: Client, odd: str) -> None:
    client.force_login(cast.alice)
    for address in ADDRESSES:
        assert client.get(address.replace("{}", odd)).status_code in {200, 404}, address
    for address, form in FORMS:
        given = {name: value.replace("{}", odd) for name, value in form.items()}
        assert client.post(address, given).status_code < 500, (address, form)


@pytest.mark.parametrize("odd", ["²", "999999", "9" * 25, "x"])
def test_an_unknown_type_opts_nobody_out(
    cast: Cast, client: Client, now: datetime, odd: str
) -> None:
    ann = add_contact("ann@example.com", now=now)
    client.force_login(cast.alice)
    answer = client.post(f"/people/{ann.pk}/withdraw/", {"subscription_type": odd})
    assert answer.status_code == 404
    assert opt_out_of(ann.pk) is None
