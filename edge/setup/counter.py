"""Counters: a camera each, its unit, and who is told."""

from collections.abc import Collection
from functools import partial
from itertools import count
from typing import Any

from config.schema import Contact, Counter, Unit
from edge.setup.found import SenseAt
from edge.setup.job import Job, NothingToWrite
from edge.setup.names import counter_key, slug, unused
from edge.setup.rules import as_typed, is_example, masked, rule
from edge.setup.site import ask_centre

NOBODY = "0"
LOOK = {
    "fps": 10,
    "zone": {"x": 0.2, "y": 0.0, "width": 0.6, "height": 1.0},
}  # the citizen's chair in the middle of the picture
UNIT = "Hộ tịch - Chứng thực"


async def ask_counters(job: Job) -> None:
    """Every camera that works is offered; counters whose cameras were not found are kept."""
    job.heading("Counters: which camera looks at which")
    counters = job.section("counters")
    by_source = {
        one["camera"].get("source"): key for key, one in counters.items() if isinstance(one.get("camera"), dict)
    }
    guide = job.table.get("guide", {}).get("camera", {}).get("source")
    for camera in [one for one in job.found.cameras if one.place.name != guide]:
        await _ask_counter(job, camera, by_source.get(camera.place.name))
    if not counters:
        raise NothingToWrite(
            "no camera for a counter: plug one in (ls -l /dev/v4l/by-id) or name one with --camera rtsp://..., then run this again"
        )
    for counter in counters.values():
        await _ask_unit(job, counter)
    await ask_centre(job, is_needed=True)
    for key in dict.fromkeys(counter["unit"] for counter in counters.values()):
        await _ask_head(job, key)
    job.leave(
        "see at the officer's page that the citizen's chair lies in the zone of each camera ([counters.*] camera, zone)"
    )


async def _ask_counter(job: Job, camera: SenseAt, key: str | None) -> None:
    """`key`: the counter that has this camera already."""
    terminal, counters = job.terminal, job.section("counters")
    terminal.tell(f"  {camera.place.name}  {camera.place.label}\n    {camera.says}")
    if not camera.works and key is None:
        terminal.tell("    it is left out")
        return
    name = counters[key]["name"] if key else _next_name(counters)
    check = _name if key else partial(_name, taken=_watched(job))
    answer = await terminal.ask(f"Which counter does it look at ({NOBODY} for none)", check, name)
    if answer == NOBODY:
        counters.pop(key or "", None)
        return
    key = key or next((one for one, row in counters.items() if row["name"] == answer), None) or counter_key(answer, counters)  # fmt: skip
    row = counters.setdefault(key, {})
    row["name"] = answer
    row["camera"] = {"source": camera.place.name} | LOOK | row.get("camera", {}) | {"source": camera.place.name}
    job.uses[camera.place.name] = f"camera of counter {key}"
    if not camera.place.is_stable:
        terminal.warn(f"{camera.place.name} is no name that stays: with two cameras it may be the other one after a restart")  # fmt: skip


def _next_name(counters: dict[str, Any]) -> str:
    names = {row["name"] for row in counters.values()}
    return next(name for number in count(1) if (name := f"Quầy {number}") not in names)


def _watched(job: Job) -> set[str]:
    """The names of counters whose own cameras are there. Another one would take their place; where theirs is gone it may."""
    there = {one.place.name for one in job.found.cameras}
    cameras = [(row["name"], row.get("camera")) for row in job.section("counters").values()]
    return {name for name, camera in cameras if isinstance(camera, dict) and camera.get("source") in there}


def _name(text: str, taken: Collection[str] = ()) -> str:
    if text in taken:
        msg = f"{text} has a camera already, which is plugged in; give this one another counter"
        raise ValueError(msg)
    return text if text == NOBODY else str(rule(Counter, "name")(text))


async def _ask_unit(job: Job, counter: dict[str, Any]) -> None:
    units, terminal = job.section("units"), job.terminal
    known = {one["name"]: unit for unit, one in units.items()}
    current = units.get(counter.get("unit", ""), {}).get("name")
    if known:
        terminal.tell(f"  units so far: {', '.join(known)}")
    name = await terminal.ask(
        f"Which unit works at {counter['name']}", rule(Unit, "name"), current or next(iter(known), UNIT)
    )
    if name not in known:
        known[name] = unused(slug(name) or "don-vi", units)
        units[known[name]] = {"name": name}
    counter["unit"] = known[name]


async def _ask_head(job: Job, key: str) -> None:
    unit, contacts = job.section("units", key), job.section("contacts")
    leader = job.table["centre"]["leader"]
    who = unit.get("head") or f"truong-{key}"[:40]
    known = contacts.get(who, {}).get("phone")
    default = job.given.head or (None if is_example(known) else known) or contacts[leader]["phone"]
    question = f"Mobile number of the head of {unit['name']}"
    number = await job.terminal.ask(question, as_typed(Contact, "phone"), default, shown=masked(default))
    if number == contacts[leader]["phone"] and who not in contacts:
        unit["head"] = leader
        return
    unit["head"] = who
    contacts.setdefault(who, {}).update({"phone": number})
    contacts[who].setdefault("role", "head")
