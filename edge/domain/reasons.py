"""The facial movements that explain a level, by key: which ones speak for which side, and which to mention first.

The keys are those the vision worker reports; their sentences are `reason.<key>` in the strings files.
"""

from collections.abc import Mapping

from edge.domain.level import Level

PLEASED = ("smile_strong", "smile")
DISPLEASED = (
    "brow_lowered", "lips_pressed", "nose_wrinkled", "mouth_corners_down", "eyes_narrowed", "lips_pushed_up", "lips_stretched",
)  # fmt: skip
OPEN = (
    "mouth_open",
    "jaw_open",
    "eyes_wide",
    "brow_inner_up",
    "eyes_down",
)  # say nothing by themselves: talking, looking down
PRESSED = "pressed"  # no movement: the citizen said it on the tablet


def telling(weights: Mapping[str, float], level: Level, limit: int = 3) -> tuple[str, ...]:
    """The heaviest movements that speak for `level`, heaviest first. A movement of the other side is never a reason."""
    contrary = PLEASED if level.is_negative else DISPLEASED if level.is_positive else ()
    fitting = [(weight, key) for key, weight in weights.items() if weight > 0 and key not in contrary]
    fitting.sort(key=lambda item: (-item[0], item[1] in OPEN, item[1]))
    return tuple(key for _, key in fitting[:limit])
