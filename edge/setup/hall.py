"""The guide: ears, mouth and eye, and the counters that call its numbers."""

from typing import Any

from edge.setup.found import SenseAt
from edge.setup.job import Job, NothingToWrite
from edge.setup.rules import whole
from edge.setup.site import ask_centre

MOST_COUNTERS = 30


async def ask_guide(job: Job) -> None:
    job.heading("The guide")
    guide = job.section("guide")
    voice = guide.get("voice", {})
    microphone = await _one_of(
        job, "microphone", job.found.microphones, voice.get("microphone", "").removeprefix("alsa:")
    )
    loudspeaker = await _one_of(job, "loudspeaker", job.found.loudspeakers, voice.get("loudspeaker"))
    if microphone:
        job.section("guide", "voice")["microphone"] = f"alsa:{microphone}"
    if loudspeaker:
        job.section("guide", "voice")["loudspeaker"] = loudspeaker
    taken = {
        one["camera"].get("source")
        for one in job.table.get("counters", {}).values()
        if isinstance(one.get("camera"), dict)
    }
    free = [one for one in job.found.cameras if one.place.name not in taken]
    camera = await _one_of(job, "camera to see who comes", free, guide.get("camera", {}).get("source"))
    if camera:
        job.section("guide", "camera")["source"] = camera
    await _ask_queue(job)
    if "counter" not in job.stations:
        await ask_centre(job, is_needed=False)
    job.leave(
        "places that people ask for ([guide.places]) and the city's system ([guide.directory]) are written by hand"
    )


async def _one_of(job: Job, what: str, found: list[SenseAt], there: str | None) -> str | None:
    """None: as it is configured, or none."""
    works = [one for one in found if one.works]
    for one in found:
        job.terminal.tell(f"  {one.place.name}  {one.place.label}\n    {one.says}")
    if not works:
        kept = f"the one that is configured stays ({there})" if there else "it goes without"
        job.terminal.tell(f"No working {what} was found; {kept}.")
        return None
    names = [one.place.name for one in works]
    chosen = await job.terminal.choose(f"Which {what}", [*names, "none"], names.index(there) if there in names else 0)
    if chosen == len(names):
        return None
    job.uses[names[chosen]] = what
    return names[chosen]


async def _ask_queue(job: Job) -> None:
    """A new site gets the profile's services, spread over the counters it has."""
    queue, terminal = job.section("queue"), job.terminal
    if queue.get("counters"):
        return
    if not queue.get("services"):
        raise NothingToWrite(
            f"{job.file} does not say for what the guide gives out numbers: write [queue.services.*] (config/profiles/guide.toml shows some), then run this again"
        )
    keys = list(job.table.get("counters", {}))
    named = ", ".join(row["name"] for row in queue["services"].values())
    terminal.tell(f"Numbers are given out for: {named}.")
    count = await terminal.ask("How many counters call numbers", whole(1, MOST_COUNTERS), str(len(keys) or 4))
    queue["counters"] = numbered_counters(count, keys)
    spread(queue["services"], list(queue["counters"]))
    job.section("guide")["help_counter"] = next(iter(queue["counters"]))
    job.leave("look over the services, their counters and the opening hours: [queue.services], [queue.hours]")


def numbered_counters(count: int, keys: list[str]) -> dict[str, Any]:
    """Counters with cameras first."""
    names = [*keys, *(f"quay-{number:02}" for number in range(1, count + len(keys) + 1))]
    chosen = list(dict.fromkeys(names))[:count]
    return {key: {"name": f"Quầy {number}", "number": number} for number, key in enumerate(chosen, 1)}


def spread(services: dict[str, Any], counters: list[str]) -> None:
    """A service keeps those of its counters that are there, or gets the one in whose turn it is."""
    for place, service in enumerate(services.values()):
        there = [one for one in service["counters"] if one in counters]
        service["counters"] = there or [counters[place % len(counters)]]
