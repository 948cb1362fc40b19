"""Every metric that the guide names is counted somewhere, and every one of ours is named there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = {path: path.read_text() for path in (ROOT / "src").rglob("*.py")}
METRICS = ROOT / "src/sincerely/wire/metrics.py"
DOCUMENTED = re.findall(r"`(sincerely_\w+|_\w+)[{`]", (ROOT / "docs/howto/monitor.md").read_text())
OURS = re.findall(r'^([A-Z_]+) = \w+\(\s*"(sincerely_\w+)"', SOURCES[METRICS], re.MULTILINE)


def test_what_the_guide_names_exists() -> None:
    """`_underway` stands for a name that begins like the one before it."""
    everything = "\n".join(SOURCES.values())
    missing = [
        name
        for name in DOCUMENTED
        if not re.search(rf'"\w*{re.escape(name.removesuffix("_total"))}"', everything)
    ]
    assert len(DOCUMENTED) > 20
    assert missing == []


def test_what_is_registered_is_counted_and_documented() -> None:
    assert len(OURS) > 6
    for constant, name in OURS:
        uses = [text for text in SOURCES.values() if re.search(rf"\b{constant}\.\w", text)]
        assert uses, f"{name} is never counted"
        assert {name, f"{name}_total"} & set(DOCUMENTED), f"{name} is not in the guide"
