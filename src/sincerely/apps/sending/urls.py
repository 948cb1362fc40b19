"""Addresses of the sending pages."""

from django.urls import path

from sincerely.apps.sending.views import limits, mailbox, senders, transports

app_name = "sending"
SENDER = "settings/senders/<int:sender_id>/"
TRANSPORT = "settings/transports/<int:transport_id>/"
MAIL = "mail/test-mailbox/<int:mail_id>/"
urlpatterns = [
    path("settings/senders/", senders.index, name="senders"),
    path("settings/senders/new/", senders.new, name="sender-new"),
    path(SENDER, senders.one, name="sender"),
    path(f"{SENDER}edit/", senders.edit, name="sender-edit"),
    path(f"{SENDER}check/", senders.check, name="sender-check"),
    path(f"{SENDER}default/", senders.make_default, name="sender-default"),
    path(f"{SENDER}archive/", senders.archive, name="sender-archive"),
    path("settings/limits/", limits.edit, name="limits"),
    path("settings/transports/", transports.index, name="transports"),
    path("settings/transports/new/", transports.edit, name="transport-new"),
    path("settings/transports/test-addresses/", transports.add_address, name="test-address-new"),
    path(
        "settings/transports/test-addresses/<int:address_id>/remove/",
        transports.remove_address,
        name="test-address-remove",
    ),
    path(TRANSPORT, transports.one, name="transport"),
    path(f"{TRANSPORT}edit/", transports.edit, name="transport-edit"),
    path(f"{TRANSPORT}test/", transports.try_out, name="transport-test"),
    path(f"{TRANSPORT}public/", transports.check_public, name="transport-public"),
    path(f"{TRANSPORT}default/", transports.make_default, name="transport-default"),
    path(f"{TRANSPORT}archive/", transports.archive, name="transport-archive"),
    path("mail/test-mailbox/", mailbox.index, name="mailbox"),
    path(MAIL, mailbox.one, name="mail"),
    path(f"{MAIL}body/", mailbox.body, name="mail-body"),
    path(f"{MAIL}as-contact/<str:kind>/", mailbox.act, name="mail-act"),
    path(f"{MAIL}link/<int:number>/", mailbox.link, name="mail-link"),
    path(f"{MAIL}link/<int:number>/click/", mailbox.click, name="mail-click"),
]
