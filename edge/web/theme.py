"""Colours, shapes and the five faces. Contrast of every pair below is checked by a test (WCAG AA)."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edge.domain.level import Level

STATIC = Path(__file__).parent / "static"
_SHEETS = (
    "style.css", "locker.css", "queue.css", "guide.css", "guide_upright.css", "guide_phone.css", "faces.css", "hearing.css", "fleet.css",
)  # fmt: skip
INK, MUTED, PAPER, CARD, LINE, BRAND, FAULT, FAULT_SOFT = (
    "#14232b",
    "#4b5b64",
    "#f2f5f4",
    "#ffffff",
    "#d3dcde",
    "#0b5a63",
    "#a3211b",
    "#fde9e7",
)


@dataclass(frozen=True, slots=True)
class Tone:
    """`strong` carries white text and stands on `soft`; `soft` carries ink."""

    strong: str
    soft: str


# Calm on purpose: an angry citizen is a warm clay, not an alarm; red is kept for broken devices.
TONES = {
    Level.VERY_SATISFIED: Tone("#176b43", "#dcf1e4"),
    Level.SATISFIED: Tone("#3a7322", "#e8f4de"),
    Level.NEUTRAL: Tone("#4a6274", "#e6edf2"),
    Level.DISSATISFIED: Tone("#8a5300", "#fdefd3"),
    Level.ANGRY: Tone("#9a3d1c", "#fbe3d8"),
}
# A compartment in the picture of the cabinet. Late is a person's matter and warm; only a broken door is red.
DOORS = {
    "free": Tone("#176b43", "#e3f3ea"),
    "kept": Tone("#1d5a96", "#dceaf8"),
    "held": Tone("#0b5a63", "#d5ecef"),
    "given": Tone("#434b96", "#e6e8f8"),
    "busy": Tone("#7a5200", "#fff0c9"),
    "late": Tone("#9a3d1c", "#fbe3d8"),
    "fault": Tone(FAULT, FAULT_SOFT),
    "out": Tone("#56656d", "#e1e7e9"),
}
# A device of the city's fleet. Red is a broken part, indigo a history that a person must look at.
FLEET = {
    "chain": Tone("#434b96", "#e6e8f8"),
    "fault": Tone(FAULT, FAULT_SOFT),
    "offline": Tone("#4b5b64", "#e1e7e9"),
    "silent": Tone("#56656d", "#e9eeef"),
    "behind": Tone("#7a5200", "#fff0c9"),
    "revoked": Tone("#56656d", "#e1e7e9"),
    "ok": Tone("#176b43", "#e3f3ea"),
}
QUIET = Tone("#56656d", "#e9eeef")  # nobody there, settling, opted out


def root_css() -> str:
    """The palette as CSS variables, for `static/style.css`."""
    rows = [("ink", INK), ("muted", MUTED), ("paper", PAPER), ("card", CARD), ("line", LINE), ("brand", BRAND)]
    rows += [("fault", FAULT), ("fault-soft", FAULT_SOFT), ("quiet", QUIET.strong), ("quiet-soft", QUIET.soft)]
    for level, tone in TONES.items():
        rows += [(level.replace("_", "-"), tone.strong), (f"{level.replace('_', '-')}-soft", tone.soft)]
    for group, tone in DOORS.items():
        rows += [(f"door-{group}", tone.strong), (f"door-{group}-soft", tone.soft)]
    for state, tone in FLEET.items():
        rows += [(f"fleet-{state}", tone.strong), (f"fleet-{state}-soft", tone.soft)]
    return ":root{" + "".join(f"--{name}:{colour};" for name, colour in rows) + "}"


def css_name(level: Level) -> str:
    """`very-satisfied`, as classes and variables say it."""
    return level.replace("_", "-")


@cache
def stylesheet() -> str:
    """The whole style sheet as served; read once, because every page asks for its address in the loop."""
    sheets = [(STATIC / name).read_text(encoding="utf-8") for name in _SHEETS]
    return "\n".join([root_css(), *sheets])


@cache
def stylesheet_url() -> str:
    """Its address, which changes with its content so that browsers may keep it for ever."""
    return f"/tai-nguyen/{hashlib.sha256(stylesheet().encode()).hexdigest()[:12]}/style.css"


def favicon() -> str:
    """An inline SVG: a door, in the brand's colour."""
    return (
        '<svg viewBox="0 0 32 32" xmlns="http://www.w3.org/2000/svg">'
        f'<rect width="32" height="32" rx="7" fill="{BRAND}"/><path d="M10 26V11a6 6 0 0 1 12 0v15Z" fill="#fff"/>'
        f'<circle cx="18.5" cy="18" r="1.6" fill="{BRAND}"/></svg>'
    )


# Mouth as a quadratic curve: (y of the corners, y of the middle); brow: (outer y, inner y), None = no brow.
_MOUTHS = {
    Level.VERY_SATISFIED: (58.0, 88.0),
    Level.SATISFIED: (62.0, 78.0),
    Level.NEUTRAL: (68.0, 68.0),
    Level.DISSATISFIED: (74.0, 60.0),
    Level.ANGRY: (76.0, 56.0),
}
_BROWS: dict[Level, tuple[float, float]] = {Level.ANGRY: (24.0, 33.0)}


def face_svg(level: Level) -> str:
    """A round drawn face in the level's colour; decoration only, the word beside it carries the meaning."""
    tone = TONES[level]
    corner, middle = _MOUTHS[level]
    filled = level is Level.VERY_SATISFIED
    mouth = f"M30 {corner} Q50 {middle} 70 {corner}" + (" Z" if filled else "")
    stroke = f'stroke="{tone.strong}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"'
    return (
        '<svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">'
        f'<circle cx="50" cy="50" r="46" fill="{tone.soft}" {stroke}/>'
        f"{_eyes(level, stroke)}{_brows(level, stroke)}"
        f'<path d="{mouth}" fill="{tone.strong if filled else "none"}" {stroke}/></svg>'
    )


def _eyes(level: Level, stroke: str) -> str:
    if level is Level.VERY_SATISFIED:
        return "".join(f'<path d="M{x - 7} 41 Q{x} 30 {x + 7} 41" fill="none" {stroke}/>' for x in (34, 66))
    return "".join(f'<circle cx="{x}" cy="41" r="5.5" fill="{TONES[level].strong}"/>' for x in (34, 66))


def _brows(level: Level, stroke: str) -> str:
    if level not in _BROWS:
        return ""
    outer, inner = _BROWS[level]
    return f'<path d="M24 {outer} L42 {inner} M76 {outer} L58 {inner}" fill="none" {stroke}/>'
