"""How the city's pages speak of devices: states, ages, what is wrong with a chain and what to do about it."""

from datetime import datetime, timedelta, timezone

from edge.domain.fleet import State
from edge.fleet_ports import ChainFault, CityAlert, DeviceView, PartTrouble
from edge.web.words import Words

VIETNAM = timezone(timedelta(hours=7))  # one zone, no summer time


def state(words: Words, of: State) -> str:
    return words(f"page.fleet.state_{of}")


def ago(words: Words, at: datetime | None, now: datetime) -> str:
    """`5 phút`, to the minute, so that a row changes at most once a minute."""
    if at is None:
        return words("page.fleet.never")
    minutes = max(0, int((now - at).total_seconds()) // 60)
    if minutes < 1:
        return words("page.fleet.just_now")
    if minutes < 60:
        return words("page.fleet.minutes", n=minutes)
    return (
        words("page.fleet.hours", n=minutes // 60) if minutes < 48 * 60 else words("page.fleet.days", n=minutes // 1440)
    )


def clock(words: Words, at: datetime | None, now: datetime) -> str:
    return words.clock(at, now) if at else "–"


def chain(words: Words, kind: str) -> str:
    return words.first(f"page.fleet.chain.{kind}", "page.fleet.chain.other")


def chain_advice(words: Words, kind: str) -> str:
    return words.first(f"page.fleet.advice.{kind}", "page.fleet.advice.other")


def chain_fault(words: Words, fault: ChainFault, now: datetime) -> str:
    """What is wrong, since when, and where in the chain."""
    said = words(
        "page.fleet.fault_line", what=chain(words, fault.kind), since=words.clock(fault.since, now), n=fault.times
    )
    if fault.seconds is not None:
        said += " " + words("page.fleet.skew", minutes=round(abs(fault.seconds) / 60))
    return said if fault.seq is None else f"{said} {words('page.fleet.at_seq', seq=fault.seq)}"


def part(words: Words, name: str) -> str:
    """`camera/quay-01` as `Camera · quay-01`."""
    kind, _, which = name.partition("/")
    said = words.first(f"page.part.{kind}", "page.part.other")
    return f"{said} · {which}" if which else said


def part_trouble(words: Words, trouble: PartTrouble) -> str:
    why = trouble.why or "unknown"
    return f"{part(words, trouble.part)}: {words.first(f'page.fault.{why}', 'page.fault.unknown')}"


def reason(words: Words, device: DeviceView) -> str:
    """The one thing to say of a device that is not well; empty when it is."""
    told = [fault for fault in device.chain if fault.kind != "gap"] or list(device.chain)
    if told:
        return chain(words, told[0].kind)
    if device.parts:
        return part_trouble(words, device.parts[0])
    return words("page.fleet.waiting", n=device.backlog) if device.state is State.BEHIND and device.backlog else ""


def alert_state(words: Words, alert: CityAlert) -> str:
    if alert.is_contested:
        return words("page.fleet.alert_contested")
    return words("page.fleet.alert_owned" if alert.is_acknowledged else "page.fleet.alert_open")


def alert_what(words: Words, alert: CityAlert, now: datetime) -> str:
    level = words.level(alert.level) if alert.level else "–"
    return words(
        "page.fleet.alert_what", level=level, since=words.clock(alert.since or alert.raised, now), id=alert.alert
    )


def minutes(seconds: int | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:.1f}".rstrip("0").rstrip(".")
