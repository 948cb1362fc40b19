"""Takes out whatever looks like an e-mail address: logs and signs of life hold none."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=\[\]{}\\]+@[^\s@<>\"'(),;:\[\]{}\\]+")


def without_addresses(text: str) -> str:
    """Replace whatever looks like an e-mail address by '<address>'."""
    return _ADDRESS.sub("<address>", text)
