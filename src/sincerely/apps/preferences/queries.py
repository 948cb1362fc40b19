"""What a contact's own pages show: found by a token, never by a login or an id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from sincerely.apps.consent.queries.confirmations import CONFIRMED, confirmations_of
from sincerely.apps.consent.queries.permission import TypeStanding, opt_out_of, standing_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import masked
from sincerely.apps.content.queries.people import people_facts, shown_blocks
from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.engagement.rules.tokens import Purpose, mint, open_token
from sincerely.apps.preferences.models import ThankYouPage
from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.team.models import Brand

LANGUAGES = ("en", "nl", "sv", "da")


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, by which mail; nothing else of the contact is shown than `masked_address`."""

    message: Message
    contact: Contact
    mailing: Mailing
    brand: Brand | None
    language: str

    @property
    def masked_address(self) -> str:
        """The address, most of it hidden: a forwarded link must not tell it."""
        return masked(self.contact.address)


def visit_of(purpose: Purpose, token: str) -> Visit | None:
    """Return the visit behind a token, or None: forged, for another purpose, of a reused id."""
    facts = open_token(settings.TOKEN_KEYS, purpose, token)
    if facts is None:
        return None
    message = (
        Message.objects.select_related("contact", "mailing", "version")
        .filter(pk=facts.message_id, mailing_id=facts.mailing_id)
        .first()
    )
    if message is None or bytes(message.nonce) != facts.nonce:
        return None
    dispatch = (
        Dispatch.objects.select_related("sender__brand").filter(pk=message.mailing_id).first()
    )
    return Visit(
        message=message,
        contact=message.contact,
        mailing=message.mailing,
        brand=dispatch.sender.brand if dispatch else None,
        language=_language(message),
    )


def is_of_a_test(purpose: Purpose, token: str) -> bool:
    """Say whether a token of ours comes from a test mail, which is nobody's message."""
    facts = open_token(settings.TOKEN_KEYS, purpose, token)
    return facts is not None and facts.message_id == 0


def _language(message: Message) -> str:
    """Return the contact's language if we speak it, else the mail's, else English."""
    written = str(message.version.compiled.get("language", "")) if message.version else ""
    return spoken(message.contact.language, written)


def spoken(*wanted: str) -> str:
    """Return the first of these languages that we speak, else English."""
    known = (language[:2].lower() for language in wanted)
    return next((language for language in known if language in LANGUAGES), "en")


def token_for(visit: Visit, purpose: Purpose) -> str:
    """Return the same message's token for another page."""
    return mint(
        settings.TOKEN_KEYS,
        purpose,
        mailing_id=visit.message.mailing_id,
        message_id=visit.message.pk,
        nonce=bytes(visit.message.nonce),
    )


def types_of(visit: Visit) -> list[TypeStanding]:
    """Return the subscription types that the contact may choose, each with where it stands."""
    return standing_of(visit.contact.pk, address_key=bytes(visit.contact.address_key)).types


def type_of(visit: Visit) -> TypeStanding | None:
    """Return the subscription type of the mail that brought the visitor, if it has one."""
    wanted = visit.mailing.subscription_type_id
    return next((t for t in types_of(visit) if t.subscription_type.pk == wanted), None)


def has_left_everything(visit: Visit) -> bool:
    """Say whether the contact has opted out of all marketing mail."""
    return opt_out_of(visit.contact.pk) is not None


@dataclass(frozen=True, slots=True)
class ThankYou:
    """What the page behind the confirm button says, to whom it may concern."""

    page: ThankYouPage
    kind: TypeStanding | None
    is_reconfirmed: bool
    is_certain: bool

    @property
    def is_in(self) -> bool:
        """True where the visitor gets this kind of mail now."""
        return self.kind is not None and self.kind.state == "in"

    @property
    def question(self) -> str:
        """Return what stands above the button, part of the wording that is kept as evidence."""
        if self.is_in:
            return _("Some mail programs open links by themselves. One press makes it certain.")
        return _("You are not on our list now. Would you like to be?")

    @property
    def button(self) -> str:
        """Return the words on the button."""
        return _("Yes, keep writing to me") if self.is_in else _("Yes, write to me again")

    @property
    def wording(self) -> str:
        """Return the words that somebody who presses has read."""
        return f"{self.page.heading}\n{self.page.words}\n{self.question}\n{self.button}"


def thank_you(visit: Visit) -> ThankYou:
    """Return the thank-you page of a visitor, in the language that is switched on."""
    kind = type_of(visit)
    found = confirmations_of(visit.contact.pk, message_id=visit.message.pk)
    is_in = kind is not None and kind.state == "in"
    return ThankYou(
        page=page_shown(visit.brand.pk if visit.brand else None, language=visit.language),
        kind=kind,
        is_reconfirmed=is_in and bool(found),
        is_certain=is_in and any(record.cause == CONFIRMED for record in found),
    )


def page_shown(brand_id: int | None, *, language: str) -> ThankYouPage:
    """Return a brand's page in a language, our words where it has none of its own."""
    page = stored_page(brand_id, language=language) or ThankYouPage(language=language)
    page.heading = page.heading or _("Thank you")
    page.words = page.words or _("We are glad that you wish to hear from us.")
    return page


def stored_page(brand_id: int | None, *, language: str) -> ThankYouPage | None:
    """Return what a brand wrote itself for a language, or None."""
    return ThankYouPage.objects.filter(brand_id=brand_id, language=language).first()


def mail_as_sent(visit: Visit, *, now: datetime) -> tuple[str, str] | None:
    """Return (subject, HTML) of the contact's mail, or None when its content is gone.

    Links lead straight to their targets and there is no pixel: reading here is no signal. What
    the contact's fields say today is what is printed; the blocks are those that were sent.
    """
    version = visit.message.version
    if version is None:
        return None
    renderer = Renderer(Compiled.from_json(version.compiled))
    contact_id = visit.contact.pk
    person = people_facts([contact_id], renderer.fields, now=now)[contact_id]
    rules = version.block_rules
    shown = _sent_blocks(visit.message.shown_blocks)
    if not shown and rules:
        shown = shown_blocks(rules, [contact_id], now=now)[contact_id]
    public = settings.PUBLIC_URL.rstrip("/")
    rendered = renderer.render(
        person,
        link_url=None,
        open_url=None,
        unsubscribe_url=f"{public}/p/unsubscribe/{token_for(visit, Purpose.UNSUBSCRIBE)}",
        preferences_url=f"{public}/p/preferences/{token_for(visit, Purpose.PREFERENCES)}",
        view_url=f"{public}/p/view/{token_for(visit, Purpose.VIEW)}",
        confirm_url=f"{public}/p/confirm/{token_for(visit, Purpose.CONFIRM)}",
        shown=shown,
    )
    return rendered.subject, rendered.html


def _sent_blocks(stored: str) -> frozenset[int]:
    return frozenset(_numbers(stored.split(",")))


def _numbers(words: Iterable[str]) -> Iterable[int]:
    return (int(word) for word in words if word.strip().isdecimal())
