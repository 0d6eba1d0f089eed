"""What is wrong with a part of the device, in words, with what to do about it. For tiles on every page."""

from edge.ports import CameraState, CounterDesk, Tile
from edge.web.words import Words


def camera_fault(words: Words, state: CameraState) -> str:
    """Why the camera gives nothing, and the next step for the person in front of it."""
    return f"{words(f'page.fault.{state}')} {words(f'page.advice.{state}')}"


def part_name(words: Words, desk: CounterDesk, part: str) -> str:
    """`camera/quay-01` as `Camera · Quầy 1`."""
    kind, _, which = part.partition("/")
    name = words.first(f"page.part.{kind}", "page.part.other")
    if not which:
        return name
    return f"{name} · {desk.view(which).name if which in desk.counters() else which}"


def tile_why(words: Words, tile: Tile) -> str:
    """`why` may be a whole key or the short name of a fault."""
    why = tile.why or "unknown"
    return words.first(f"page.fault.{why}", why if "." in why else "page.fault.unknown", "page.fault.unknown")


def tile_advice(words: Words, tile: Tile) -> str:
    why = tile.why or "unknown"
    short = why.rsplit(".", 1)[-1]
    return words.first(f"page.advice.{why}", f"page.advice.{short}", "page.advice.unknown")
