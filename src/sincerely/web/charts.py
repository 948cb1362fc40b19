"""Charts drawn by the server as SVG: lines, bars, axes, intervals, a table view. Pure.

No chart library: pages stay small, work without script, print, and read as a table aloud.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

Kind = Literal["line", "bar"]
Value = float | None

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 34
TICKS = 4
MOST_LABELS = 12
LETTER = 6.5  # the width of a letter on the picture, about
NOTHING = 1e-9  # below it a value is drawn as 0


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of bars; `low` and `high` are the ends of an interval."""

    name: str
    values: Sequence[Value]
    low: Sequence[Value] = ()
    high: Sequence[Value] = ()

    @classmethod
    def of(cls, given: Any) -> Series:
        """Return a series from a mapping with the same names, or the series itself."""
        if isinstance(given, cls):
            return given
        return cls(
            str(given["name"]), given["values"], given.get("low") or (), given.get("high") or ()
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """The value axis: from 0 to a round number, with its ticks."""

    top: float
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Return the height of a value on the picture."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, self.top) / self.top, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table view."""

    label: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: its SVG and the same numbers as a table."""

    svg: str
    names: list[str]
    legend: list[str]
    rows: list[Row]


def scale_for(values: Sequence[float], *, most: float | None = None) -> Scale:
    """Return an axis from 0 whose ticks are 1, 2, 2.5 or 5 times a power of ten.

    `most` is where the axis ends at the latest (1 for ratios).
    """
    highest = max(values, default=0)
    if highest < NOTHING:
        highest = most or 1
    raw = highest / TICKS
    power = 10 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= raw * (1 - 1e-9))
    if most is None:
        step = max(step, 1) if all(float(v).is_integer() for v in values) else step
    count = max(1, math.ceil(highest / step - 1e-9))
    ticks = tuple(round(step * n, 10) for n in range(count + 1))
    if most is not None and ticks[-1] > most >= highest:
        ticks = (*(tick for tick in ticks if tick < most), most)
    return Scale(top=ticks[-1], ticks=ticks)


def figure(value: Value, unit: str) -> str:
    """Return a value as it is written at the axis and in the table."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{100 * value:.3g} %"
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return f"{text.replace(',', ' ')} {unit}".strip()


def draw(kind: Kind, labels: Sequence[str], given: Sequence[Any], *, unit: str = "") -> Drawing:
    """Return the chart of these series over these labels; values are ≥ 0, None is a gap."""
    series = [Series.of(one) for one in given]
    shown = [str(label) for label in labels]
    every = [v for one in series for v in (*one.values, *one.high) if v is not None]
    scale = scale_for(every, most=1.0 if unit == "%" and max(every, default=0) <= 1 else None)
    parts = [*_axes(shown, scale, unit=unit, middle=kind == "bar")]
    for number, one in enumerate(series):
        if kind == "bar":
            parts += _bars(one, scale, number=number, of=len(series), count=len(shown))
        else:
            parts += _line(one, scale, number=number, count=len(shown))
    names = [one.name for one in series]
    said = escape(f"{', '.join(names)}: {shown[0]} – {shown[-1]}" if shown else ", ".join(names))
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{"".join(parts)}</svg>'
    )
    rows = [Row(label, [_cell(one, at, unit) for one in series]) for at, label in enumerate(shown)]
    return Drawing(svg=svg, names=names, legend=names if len(names) > 1 else [], rows=rows)


def _cell(series: Series, at: int, unit: str) -> str:
    text = figure(_at(series.values, at), unit)
    low, high = _at(series.low, at), _at(series.high, at)
    if low is None or high is None:
        return text
    return f"{text} ({figure(low, unit)} – {figure(high, unit)})"


def _at(values: Sequence[Value], index: int) -> Value:
    return values[index] if index < len(values) else None


def _x(index: int, count: int, *, middle: bool) -> float:
    inner = WIDTH - LEFT - RIGHT
    if middle:
        return round(LEFT + inner * (index + 0.5) / max(count, 1), 1)
    return round(LEFT + (inner * index / (count - 1) if count > 1 else inner / 2), 1)


def _axes(labels: list[str], scale: Scale, *, unit: str, middle: bool) -> list[str]:
    parts = []
    for tick in scale.ticks:
        y = scale.y(tick)
        name = "axis-line" if tick == 0 else "grid-line"
        parts.append(f'<line class="{name}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        text = escape(figure(tick, unit))
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{text}</text>')
    return parts + _names(labels, middle=middle)


def _names(labels: list[str], *, middle: bool) -> list[str]:
    longest = max((len(label) for label in labels), default=0) * LETTER
    room = max(1, (WIDTH - LEFT - RIGHT) / max(1, len(labels) - 1))
    every = max(1, math.ceil(len(labels) / MOST_LABELS), math.ceil(longest / room))
    parts: list[str] = []
    free_from = 0.0
    for index in range(0, len(labels), every):
        x, label = _x(index, len(labels), middle=middle), labels[index]
        anchor = "middle"
        if not middle and len(labels) > 1:
            anchor = {0: "start", len(labels) - 1: "end"}.get(index, "middle")
        begins = x - len(label) * LETTER * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        if parts and begins < free_from:  # the first and the last stand within, so beside others
            continue
        free_from = begins + len(label) * LETTER
        # Every second one is left out on a phone, where letters are twice as large on the picture.
        name = ' class="between"' if len(parts) % 2 else ""
        place = f'x="{x}" y="{HEIGHT - 10}" text-anchor="{anchor}"'
        parts.append(f"<text{name} {place}>{escape(label)}</text>")
    return parts


def _line(series: Series, scale: Scale, *, number: int, count: int) -> list[str]:
    def point(index: int, value: float) -> str:
        return f"{_x(index, count, middle=False)} {scale.y(value)}"

    parts = []
    band = [
        (i, low, high)
        for i in range(count)
        if (low := _at(series.low, i)) is not None and (high := _at(series.high, i)) is not None
    ]
    if len(band) > 1:
        upper = [point(i, high) for i, _low, high in band]
        lower = [point(i, low) for i, low, _high in reversed(band)]
        parts.append(f'<path class="series-band" d="M{" L".join(upper + lower)}Z"/>')
    path, pen = [], "M"
    for index in range(count):
        value = _at(series.values, index)
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{point(index, value)}")
        pen = "L"
    parts.append(f'<path class="series-line" d="{"".join(path)}"/>')
    for index in range(count):
        value = _at(series.values, index)
        if value is not None and count <= 40:
            x, y = point(index, value).split()
            parts.append(f'<circle class="series-dot" cx="{x}" cy="{y}" r="3"/>')
    return [f'<g class="s{number % 4}">', *parts, "</g>"]


def _bars(series: Series, scale: Scale, *, number: int, of: int, count: int) -> list[str]:
    slot = (WIDTH - LEFT - RIGHT) / max(count, 1)
    width = min(slot * 0.72 / of, 56)
    parts = []
    for index in range(count):
        value = _at(series.values, index)
        if value is None:
            continue
        centre = _x(index, count, middle=True) + width * (number - (of - 1) / 2)
        y = scale.y(value)
        height = round(HEIGHT - BOTTOM - y, 1)
        parts.append(
            f'<rect class="series-bar" x="{centre - width / 2 + 1:.1f}" y="{y}"'
            f' width="{max(width - 2, 1):.1f}" height="{height}" rx="2"/>'
        )
        low, high = _at(series.low, index), _at(series.high, index)
        if low is not None and high is not None:
            parts.append(
                f'<line class="interval" x1="{centre:.1f}" x2="{centre:.1f}"'
                f' y1="{scale.y(low)}" y2="{scale.y(high)}"/>'
            )
    return [f'<g class="s{number % 4}">', *parts, "</g>"]
