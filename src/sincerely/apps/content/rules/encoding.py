"""Quoted-printable and header encoding of the pieces of a mail (RFC 2045, RFC 2047). Pure.

Every dynamic piece stands between two soft line breaks, so that it and the static chunks around it
each begin at column 0 and can be encoded alone: the static ones once per mail, the dynamic ones
once per distinct value. No line is longer than 76. Why quoted-printable: no dependence on 8BITMIME
at each hop, no DKIM break by a downgrading relay; base64's three-byte phase would forbid splicing.
"""

from __future__ import annotations

from binascii import b2a_qp
from email.header import Header

SOFT = b"=\r\n"
LONGEST_PLAIN = 72


def encode_text(text: str) -> bytes:
    """Return the text in quoted-printable; line breaks become CRLF, no line is over 76 long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    return b2a_qp(lines, istext=True, quotetabs=False).replace(b"\n", b"\r\n")


def encode_chunk(text: str) -> bytes:
    """Return a static chunk that a soft line break will follow: its last line leaves room for it.

    A sentinel keeps the encoder from treating the chunk's end as the end of a line.
    """
    return encode_text(text + "x")[:-1] if text else b""


def encode_piece(text: str) -> bytes:
    """Return a dynamic piece, encoded, between its soft line breaks (one where it is empty)."""
    if not text:
        return SOFT
    if text.isascii() and "=" not in text and text.isprintable() and " " not in text:
        if len(text) <= LONGEST_PLAIN:
            return b"=\r\n%b=\r\n" % text.encode()
        lines = [text[at : at + LONGEST_PLAIN] for at in range(0, len(text), LONGEST_PLAIN)]
        return b"=\r\n%b=\r\n" % "=\r\n".join(lines).encode()
    return b"%b%b%b" % (SOFT, encode_chunk(text), SOFT)


def encode_header(name: str, text: str) -> bytes:
    """Return a header's value, folded and RFC 2047 encoded where it is not ASCII."""
    plain = " ".join(text.split())
    if plain.isascii() and len(plain) + len(name) < 74:
        return plain.encode()
    charset = "us-ascii" if plain.isascii() else "utf-8"
    folded = Header(plain, charset, header_name=name).encode(linesep="\r\n")
    return folded.encode("ascii")
