"""Line plots with logarithmic axes as SVG text: no library, the same bytes for the same numbers, legible in print and in grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 225, 48, 56
# Okabe and Ito's colours, told apart by most eyes; each with a dash and a marker of its own for those in grey.
STYLES = (
    ("#000000", "", "circle"),
    ("#D55E00", "6 3", "square"),
    ("#0072B2", "2 3", "diamond"),
    ("#009E73", "8 3 2 3", "triangle"),
    ("#CC79A7", "4 2", "circle"),
    ("#E69F00", "1 2", "square"),
)


@dataclass(frozen=True)
class Series:
    name: str
    points: Sequence[tuple[float, float]]


class Axis:
    """A logarithmic axis from `low` to `high` (both values), drawn from `start` to `end` (pixels)."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span = math.log(low), math.log(high) - math.log(low) or 1.0
        self._start, self._length = start, end - start

    def at(self, value: float) -> float:
        return self._start + (math.log(value) - self._low) / self._span * self._length


def decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within the bounds."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = [mantissa * 10.0**power for power in range(first, last + 1) for mantissa in (1, 2, 5)]
    return [value for value in values if low <= value <= high]


def number(value: float) -> str:
    return f"{value:g}" if value < 10_000 else f"{value:,.0f}"


def text(x: float, y: float, content: str, anchor: str = "start", size: int = 13, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>{escape(content)}</text>'


def marker(kind: str, x: float, y: float, colour: str) -> str:
    match kind:
        case "circle":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        case "square":
            return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
        case "diamond":
            return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z" fill="{colour}"/>'
        case _:
            return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" fill="{colour}"/>'


def grid(x_axis: Axis, y_axis: Axis, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> list[str]:
    lines = []
    for tick in y_ticks:
        y = y_axis.at(tick)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(text(LEFT - 8, y + 4, number(tick), "end"))
    for tick in x_ticks:
        x = x_axis.at(tick)
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        lines.append(text(x, HEIGHT - BOTTOM + 18, number(tick), "middle"))
    lines.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#000"/>')
    return lines


def legend(names: Sequence[str], ends: Sequence[float]) -> list[str]:
    """Names at the right, each at the height where its line ends as far as they do not overlap."""
    order = sorted(range(len(names)), key=lambda index: ends[index])
    heights: dict[int, float] = {}
    previous = TOP - 20.0
    for index in order:
        previous = heights[index] = max(ends[index], previous + 20)
    overflow = max(0.0, previous - (HEIGHT - BOTTOM))
    lines = []
    for index, name in enumerate(names):
        colour, dash, kind = STYLES[index % len(STYLES)]
        x, y = WIDTH - RIGHT + 14, heights[index] - overflow
        stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        lines.append(f'<line x1="{x}" x2="{x + 24}" y1="{y:.1f}" y2="{y:.1f}" {stroke}/>')
        lines.append(marker(kind, x + 12, y, colour))
        lines.append(text(x + 30, y + 4, name, size=12))
    return lines


def plot(title: str, x_label: str, y_label: str, series: Sequence[Series]) -> str:
    """One SVG document; both axes logarithmic, the x ticks those of the points."""
    xs = sorted({x for one in series for x, _ in one.points})
    ys = [y for one in series for _, y in one.points]
    low, high = min(ys) / 1.3, max(ys) * 1.3
    x_axis = Axis(xs[0], xs[-1], LEFT + 14, WIDTH - RIGHT - 14)
    y_axis = Axis(low, high, HEIGHT - BOTTOM, TOP)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    view = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="Helvetica, Arial, sans-serif" fill="#000">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(LEFT, 26, title, size=15, extra=' font-weight="bold"'),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_label, "middle"),
        text(20, middle, y_label, "middle", extra=f' transform="rotate(-90 20 {middle:.1f})"'),
        *grid(x_axis, y_axis, xs, decades(low, high)),
    ]
    ends = []
    for index, one in enumerate(series):
        colour, dash, kind = STYLES[index % len(STYLES)]
        places = [(x_axis.at(x), y_axis.at(y)) for x, y in one.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{line}" fill="none" {stroke}/>')
        parts += [marker(kind, x, y, colour) for x, y in places]
        ends.append(places[-1][1])
    parts += legend([one.name for one in series], ends)
    return "\n".join([*parts, "</svg>"]) + "\n"
