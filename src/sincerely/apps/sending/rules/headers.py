"""The header block of a mail: values checked, encoded, folded; nothing can break out.

Carriage return, line feed and NUL are refused wherever a value comes in (RFC 5322 2.2, and the long
list of header injections in other products). Values that are the same for a whole mailing are
encoded once by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header

from sincerely.apps.content.rules.encoding import ENCODED_LINE, LONG

FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_USUAL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


class BadHeader(ValueError):
    """A value that must not stand in a header."""


def plain(value: str) -> str:
    """Return the value, or raise BadHeader where it holds a control character."""
    if FORBIDDEN.search(value):
        raise BadHeader("A header must not hold line breaks or control characters.")
    return value


def ascii_value(value: str) -> bytes:
    """Return a value that must be ASCII (addresses of pages, identifiers)."""
    try:
        return plain(value).encode("ascii")
    except UnicodeEncodeError as error:
        raise BadHeader("This header may hold ASCII only.") from error


def mailbox_value(name: str, display: str, address: str) -> bytes:
    """Return `Display <address>`, the display name quoted or encoded as it needs."""
    spec = b"<%b>" % plain(address).encode("utf-8")
    if any(sign in address for sign in '<>", '):
        raise BadHeader("This is not a single address.")
    display = plain(display).strip()
    if not display:
        return plain(address).encode("utf-8")
    if _ATOM.fullmatch(display) and "=?" not in display and len(display) <= LONG:
        return display.encode() + b" " + spec
    if display.isascii() and "=?" not in display and len(display) <= LONG:
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        return b'"%b" %b' % (quoted.encode(), spec)
    encoded = Header(display, "utf-8", ENCODED_LINE, name).encode(linesep="\r\n").encode("ascii")
    return encoded + b"\r\n " + spec


def address_value(address: str) -> bytes:
    """Return a lone address as `mailbox_value` does; most need no more than one look."""
    if _USUAL_ADDRESS.fullmatch(address):
        return address.encode()
    return mailbox_value("To", "", address)


def block(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the header block with CRLF lines; a line break is accepted only as folding."""
    for _, value in fields:
        unfolded = value.replace(b"\r\n ", b"")
        if b"\r" in unfolded or b"\n" in unfolded or b"\0" in unfolded:
            raise BadHeader("A header must not hold line breaks.")
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def both_parts(boundary: bytes, text_qp: bytes, html_qp: bytes) -> bytes:
    """Return the body of a multipart/alternative: plain text, then HTML, in quoted-printable.

    A boundary that begins `=_` cannot occur in quoted-printable text (RFC 2045, 6.7).
    """
    return (
        b"--%b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n"
        b"--%b\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n--%b--\r\n"
        % (boundary, text_qp, boundary, html_qp, boundary)
    )
