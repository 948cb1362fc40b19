"""What column headers mean, in the four languages and in the dialects of older tools.

Compared without case, accents and punctuation, so 'E-Mail Adresse' and 'email_adresse' agree.
Sources of spellings: the export files of Mailchimp, HubSpot, Klaviyo, Flexmail, Brevo, Mautic,
listmonk, ActiveCampaign and Campaign Monitor as their help pages show them.
"""

from __future__ import annotations

import re
import unicodedata

ALIASES: dict[str, tuple[str, ...]] = {
    "address": (
        "email",
        "e-mail",
        "mail",
        "email address",
        "e-mail address",
        "e-mailadres",
        "emailadres",
        "mailadres",
        "e-postadress",
        "epost",
        "e-post",
        "mejl",
        "mejladress",
        "epostadress",
        "e-mailadresse",
        "emailadresse",
        "mailadresse",
        "e-mail adresse",
        "subscriber",
        "adresse e-mail",
        "contact email",
        "primary email",
        "mailadress",
        "subscriber email",
        "e-mail-adresse",
    ),
    "first_name": (
        "first name",
        "firstname",
        "fname",
        "given name",
        "voornaam",
        "förnamn",
        "tilltalsnamn",
        "fornavn",
        "first",
        "forename",
        "roepnaam",
        "prénom",
        "vorname",
    ),
    "last_name": (
        "last name",
        "lastname",
        "lname",
        "surname",
        "family name",
        "achternaam",
        "familienaam",
        "efternamn",
        "efternavn",
        "last",
        "nachname",
    ),
    "full_name": (
        "name",
        "full name",
        "naam",
        "volledige naam",
        "namn",
        "fullständigt namn",
        "navn",
        "fulde navn",
        "contact name",
    ),
    "language": (
        "language",
        "lang",
        "locale",
        "preferred language",
        "taal",
        "voorkeurstaal",
        "språk",
        "sprog",
    ),
    "time_zone": (
        "time zone",
        "timezone",
        "tz",
        "tijdzone",
        "tidszon",
        "tidszone",
        "time zone name",
    ),
    "labels": (
        "interesselabels",
        "interesselabel",
        "interest label",
        "interest labels",
        "interest label(s)",
        "labels",
        "label",
        "intresseetiketter",
        "intresseetikett",
        "intresseetiket",
        "etiketter",
        "interessemærker",
        "interessemærke",
        "interesselabels/interessemærker",
        "interesse-etiketter",
        "mærker",
        "etiket",
        "interesses",
        "interests",
        "intressen",
        "interesser",
        "tags",
        "tag",
        "taggar",
        "contact tags",
    ),
    "signed_up_at": (
        "signed up",
        "signed up at",
        "sign-up date",
        "signup date",
        "sign up date",
        "date added",
        "optin time",
        "opt-in time",
        "opt-in date",
        "optin date",
        "subscribed",
        "subscribed at",
        "subscribe date",
        "subscription date",
        "date subscribed",
        "confirm time",
        "inschrijfdatum",
        "ingeschreven op",
        "aanmelddatum",
        "aangemeld op",
        "datum inschrijving",
        "registreringsdatum",
        "anmäld",
        "anmäld den",
        "anmälningsdatum",
        "prenumererar sedan",
        "tilmeldt",
        "tilmeldt den",
        "tilmeldingsdato",
        "create date",
        "created",
        "created at",
        "created on",
        "date created",
        "creation date",
        "aangemaakt",
        "aangemaakt op",
        "aanmaakdatum",
        "skapad",
        "skapad den",
        "skapades",
        "oprettet",
        "oprettet den",
        "oprettelsesdato",
        "member since",
        "profile created on",
        "added on",
    ),
    "last_sent_at": (
        "last sent",
        "last sent at",
        "last email sent",
        "last mailed",
        "last e-mail sent",
        "last email send date",
        "last marketing email send date",
        "last campaign sent",
        "last emailed",
        "laatst verzonden",
        "laatste verzending",
        "laatst gemaild",
        "laatste mail",
        "senast skickat",
        "senast skickad",
        "senaste utskick",
        "sidst sendt",
        "seneste udsendelse",
        "senest sendt",
        "last delivered",
    ),
    "last_open_at": (
        "last opened",
        "last open",
        "last opened at",
        "last open date",
        "last email open date",
        "last opened email",
        "last email opened",
        "last marketing email open date",
        "laatst geopend",
        "laatste opening",
        "laatst geopend op",
        "datum laatste opening",
        "senast öppnad",
        "senast öppnat",
        "senaste öppning",
        "sidst åbnet",
        "seneste åbning",
        "senest åbnet",
        "last active",
    ),
    "last_click_at": (
        "last clicked",
        "last click",
        "last clicked at",
        "last click date",
        "last email click date",
        "last clicked email",
        "last email clicked",
        "last marketing email click date",
        "laatst geklikt",
        "laatste klik",
        "laatst geklikt op",
        "datum laatste klik",
        "senast klickad",
        "senast klickat",
        "senaste klick",
        "sidst klikket",
        "seneste klik",
        "senest klikket",
    ),
    "permission_at": (
        "consent date",
        "consent time",
        "permission since",
        "permission date",
        "toestemming sinds",
        "toestemmingsdatum",
        "samtycke sedan",
        "samtyckesdatum",
        "samtykke siden",
        "samtykkedato",
        "confirmed at",
        "double opt-in date",
    ),
    "document": (
        "consent source",
        "permission source",
        "proof",
        "consent proof",
        "bron van toestemming",
        "samtyckeskälla",
        "samtykkekilde",
        "opt-in source",
    ),
    "ip": (
        "optin ip",
        "opt-in ip",
        "confirm ip",
        "consent ip",
        "signup ip",
        "ip",
        "ip address",
        "ip-adres",
        "ip-adress",
        "ip-adresse",
    ),
}

FIELD_HINTS: dict[str, tuple[str, ...]] = {
    "country": ("country", "land", "country code", "landcode", "landskod", "landekode"),
    "city": ("city", "town", "plaats", "stad", "woonplaats", "ort", "by"),
    "postal_code": ("postal code", "zip", "zip code", "postcode", "postnummer", "postnr"),
    "birthday": (
        "birthday",
        "date of birth",
        "birth date",
        "geboortedatum",
        "verjaardag",
        "födelsedag",
        "födelsedatum",
        "fødselsdag",
        "fødselsdato",
    ),
    "company": (
        "company",
        "organisation",
        "organization",
        "bedrijf",
        "företag",
        "firma",
        "virksomhed",
    ),
    "phone": (
        "phone",
        "phone number",
        "mobile",
        "telefoon",
        "telefoonnummer",
        "gsm",
        "telefon",
        "mobiel",
        "mobil",
    ),
    "gender": ("gender", "sex", "geslacht", "kön", "køn"),
}

IGNORED = (
    "consent status",
    "consent status since",
    "consent status evidence",
    "opted out",
    "suppressed",
    "stored here since",
    "came by",
    "tracking",
    "mails sent",
    "mails opened",
    "clicks",
    "label clicks",
    "label click days",
    "label mailings clicked",
    "label last click",
    "label strength",
    "id",
    "contact id",
    "member rating",
    "leid",
    "euid",
    "status",
    "notes",
)


def fold_header(text: str) -> str:
    """Return the header as it is compared: lower case, no accents, only letters and digits."""
    plain = text.strip().lstrip("\ufeff").casefold().replace("ø", "o").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", plain)
    return re.sub(r"[^a-z0-9]+", "", "".join(c for c in plain if not unicodedata.combining(c)))


def _by_spelling(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold_header(text): target for target, texts in table.items() for text in texts}


_TARGETS = _by_spelling(ALIASES)
_FIELDS = _by_spelling(FIELD_HINTS)
_IGNORED = frozenset(fold_header(text) for text in IGNORED)


def target_of(header: str) -> str:
    """Return which part of a contact a header names, or '' where it names none."""
    return _TARGETS.get(fold_header(header), "")


def field_hint(header: str) -> str:
    """Return the key of a usual custom field that a header names, or ''."""
    return _FIELDS.get(fold_header(header), "")


def is_left_out(header: str) -> bool:
    """Say whether a column is about the tool it came from and not about the person."""
    return fold_header(header) in _IGNORED


_VALUE = re.compile(
    r"[-+]?[\d.,]+%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.[^@\s]+|https?://.*"
)


def looks_like_header(first: list[str], below: list[list[str]]) -> bool:
    """Say whether the first row names the columns instead of being a contact."""
    if any("@" in cell and _VALUE.fullmatch(cell.strip()) for cell in first):
        return False
    if any(target_of(cell) for cell in first):
        return True
    names = [cell.strip() for cell in first if cell.strip()]
    if not names or len(set(names)) < len(names):
        return False
    if not below:
        return True
    return not any(_VALUE.fullmatch(name) for name in names)
