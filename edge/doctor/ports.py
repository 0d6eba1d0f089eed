"""Serial ports and other device nodes: there, openable by the agent's user, held by nobody else. What PortLost means in words."""

from pathlib import Path

from devices.serial_port import PortWhy
from edge.doctor.finding import Finding, broken
from edge.doctor.holders import Holder, Person, can_open, group_of, holders_of

NAMES = "ls -l /dev/serial/by-id"
MODEM_MANAGER = "ModemManager"


def verdict_of_node(path: Path, group: str | None, who: str, holders: tuple[Holder, ...]) -> Finding | None:
    """`group`: whose members may open it, where `who` may not. None where nothing stands in the way."""
    if group == "root":  # nobody joins that one
        return broken(f"{path}: the user {who} may not open it", f"sudo chgrp dialout {path} && sudo chmod 660 {path}; for good by a udev rule")  # fmt: skip
    if group is not None:
        return broken(f"{path}: the user {who} may not open it", f"sudo usermod -aG {group} {who}; then log in anew, or: sudo systemctl restart motcua")  # fmt: skip
    if holders:
        first = holders[0]
        end = f"sudo systemctl disable --now {first.name}" if first.name == MODEM_MANAGER else f"sudo kill {first.pid}"
        return broken(f"{path} is held by {', '.join(map(str, holders))}", f"end it: {end}")
    return None


def look_at_node(path: Path, who: Person, names: str = NAMES) -> Finding | None:
    """What keeps the agent from opening it, None where nothing does. Opens nothing; blocking for an instant."""
    if not path.exists():
        return broken(f"{path} is not there", f"plug it in, see its name: {names}; then correct the configuration")
    group = None if can_open(path, who) else group_of(path)
    return verdict_of_node(path, group, who.name, holders_of(path) if group is None else ())


def lost(address: str, why: PortWhy, names: str = NAMES) -> Finding:
    """A port that could not be opened, or went away."""
    is_network = address.startswith("tcp://")
    where = address.removeprefix("tcp://")
    match why:
        case PortWhy.MISSING if is_network:
            host = where.rpartition(":")[0]
            return broken(
                f"{where}: nobody answers there",
                f"see its power and network: ping {host}; then the address in the configuration",
            )
        case PortWhy.MISSING:
            return broken(f"{where} is not there", f"plug it in, see its name: {names}; then correct the configuration")
        case PortWhy.DENIED:
            return broken(
                f"{where} may not be opened", "sudo usermod -aG dialout motcua; then: sudo systemctl restart motcua"
            )
        case PortWhy.BUSY:
            return broken(f"{where} is held by another process", f"see which: sudo fuser -v {where}")
        case PortWhy.UNPLUGGED:
            return broken(f"{where} went away while it was looked at", "see the cable and the power, then repeat this")
        case PortWhy.UNUSABLE:
            return broken(
                f"{where} is no port that can be set up",
                f"see which one it is: {names}; then correct the configuration",
            )
