"""Quoted-printable and header encoding of the pieces of a mail (RFC 2045, RFC 2047). Pure.

Every dynamic piece stands between two soft line breaks, so that it and the static chunks around it
each begin at column 0 and can be encoded alone: the static ones once per mail, the dynamic ones
once per distinct value. No line is longer than 76. Why quoted-printable: no dependence on 8BITMIME
at each hop, no DKIM break by a downgrading relay; base64's three-byte phase would forbid splicing.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.header import Header

SOFT = b"=\r\n"
LONGEST_PLAIN = 72
_FIRST_DOT = re.compile(rb"^\.(?=[^\n]{0,73}$)", re.MULTILINE)


def encode_text(text: str) -> bytes:
    """Return the text in quoted-printable; line breaks become CRLF, no line is over 76 long.

    A dot that begins a line is encoded too, where there is room: SMTP would double it in each copy.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = b2a_qp(lines, istext=True, quotetabs=False)
    return _FIRST_DOT.sub(b"=2E", encoded).replace(b"\n", b"\r\n")


def encode_chunk(text: str) -> bytes:
    """Return a static chunk that a soft line break will follow: its last line leaves room for it.

    A sentinel keeps the encoder from treating the chunk's end as the end of a line.
    """
    if not text:
        return b""
    return _as_it_stands(text) if _is_simple(text) else encode_text(text + "x")[:-1]


def encode_piece(text: str) -> bytes:
    """Return a dynamic piece, encoded, between its soft line breaks (one where it is empty)."""
    if not text:
        return SOFT
    if _is_simple(text):
        return b"=\r\n%b=\r\n" % _as_it_stands(text)
    return b"%b%b%b" % (SOFT, encode_chunk(text), SOFT)


def _is_simple(text: str) -> bool:
    """Say whether nothing in the text needs encoding: addresses, names without a space."""
    return text.isascii() and "=" not in text and text.isprintable() and " " not in text


def _as_it_stands(text: str) -> bytes:
    if len(text) <= LONGEST_PLAIN:
        return text.encode()
    lines = [text[at : at + LONGEST_PLAIN] for at in range(0, len(text), LONGEST_PLAIN)]
    return "=\r\n".join(lines).encode()


def encode_header(name: str, text: str) -> bytes:
    """Return a header's value, folded and RFC 2047 encoded where it is not ASCII."""
    plain = " ".join(text.split())
    if plain.isascii() and len(plain) + len(name) < 74:
        return plain.encode()
    charset = "us-ascii" if plain.isascii() else "utf-8"
    folded = Header(plain, charset, header_name=name).encode(linesep="\r\n")
    return folded.encode("ascii")
