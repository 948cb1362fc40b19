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
LONG = 400  # letters of a header's word that is left as it is
ENCODED_LINE = 75  # an encoded word has at most so many letters (RFC 2047, 2)
_DOTTED = re.compile(rb"^\.([^\n]*)", re.MULTILINE)


def encode_text(text: str) -> bytes:
    """Return the text in quoted-printable; line breaks become CRLF, no line is over 76 long.

    No line begins with a dot, in static chunks and in dynamic pieces: SMTP would double it in each
    copy, and to look for such lines in 15 KB costs a sender 15 µs a mail.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = b2a_qp(lines, istext=True, quotetabs=False)
    while _DOTTED.search(encoded):
        encoded = _DOTTED.sub(_without_dot, encoded)
    return encoded.replace(b"\n", b"\r\n")


def _without_dot(line: re.Match[bytes]) -> bytes:
    """The line with its first dot encoded, on a line of its own where there is no room."""
    return (b"=2E%b" if len(line[1]) <= 73 else b"=2E=\n%b") % line[1]


def encode_chunk(text: str) -> bytes:
    """Return a static chunk that a soft line break will follow: its last line leaves room for it.

    A sentinel keeps the encoder from treating the chunk's end as the end of a line.
    """
    if not text:
        return b""
    simple = _as_it_stands(text)
    return encode_text(text + "x")[:-1] if simple is None else simple


def encode_piece(text: str) -> bytes:
    """Return a dynamic piece, encoded, between its soft line breaks (one where it is empty)."""
    return b"=\r\n%b=\r\n" % encode_chunk(text) if text else SOFT


def _as_it_stands(text: str) -> bytes | None:
    """The text where nothing in it needs encoding (addresses of pages, names without a space)."""
    if not text.isascii() or "=" in text or " " in text or not text.isprintable():
        return None
    if len(text) <= LONGEST_PLAIN:
        return text.encode() if text[0] != "." else None
    lines = [text[at : at + LONGEST_PLAIN] for at in range(0, len(text), LONGEST_PLAIN)]
    if any(line[0] == "." for line in lines):
        return None
    return "=\r\n".join(lines).encode()


def encode_header(name: str, text: str) -> bytes:
    """Return a header's value, folded and RFC 2047 encoded where it is not ASCII.

    Words that look encoded are encoded too: a name may hold any signs, and is not ours to decode.
    So are words too long to be folded: a line has at most 998 bytes (RFC 5322, 2.1.1).
    """
    words = text.split()
    plain = " ".join(words)
    is_plain = plain.isascii() and "=?" not in plain and max(map(len, words), default=0) <= LONG
    if is_plain and len(plain) + len(name) < 74:
        return plain.encode()
    charset = "us-ascii" if is_plain else "utf-8"
    folded = Header(plain, charset, ENCODED_LINE, name).encode(linesep="\r\n")
    return folded.encode("ascii")
