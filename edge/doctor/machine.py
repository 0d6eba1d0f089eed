"""The box itself: memory, temperature and what a Raspberry Pi says of its power; the packages its stations need."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from edge.cli_missing import BROUGHT_BY
from edge.doctor.finding import Finding, broken, good, not_tested, weak

MB_LOW, MB_GONE = 150, 40
HOT_C, TOO_HOT_C = 75.0, 85.0  # a Raspberry Pi slows down at 80 and more at 85
THERMAL = Path("/sys/class/thermal")
VCGENCMD_S = 5
_NOW, _WAS = 0xF, 0xF0000  # bits of get_throttled: under-voltage, frequency capped, throttled, soft limit
_UNDER_VOLTAGE = 0x1


def verdict_of_memory(available_mb: float, total_mb: float) -> Finding:
    found = f"{available_mb / 1024:.1f} GB free of {total_mb / 1024:.1f} GB"
    do = "see what takes it: ps aux --sort=-rss | head; end what does not belong here"
    if available_mb < MB_GONE:
        return broken(found, do)
    return weak(found, do) if available_mb < MB_LOW else good(found)


def verdict_of_heat(celsius: Sequence[float], throttled: int | None) -> Finding:
    """`throttled`: what vcgencmd get_throttled says; None off a Raspberry Pi."""
    found = f"{max(celsius):.0f} °C" if celsius else ""
    if throttled is not None and throttled & _NOW:
        if throttled & _UNDER_VOLTAGE:
            return broken(
                _and(found, "too little voltage now"), "use the board's own power supply and a short thick cable"
            )
        return weak(
            _and(found, "slowed down by the kernel now"),
            "give it air: clean the fan, open the box, move it out of the sun",
        )
    if celsius and max(celsius) >= TOO_HOT_C:
        return broken(
            f"{found}: too hot", "switch it off, let it cool, then give it air: clean the fan, move it out of the sun"
        )
    if celsius and max(celsius) >= HOT_C:
        return weak(f"{found}: hot", "give it air: clean the fan, open the box, move it out of the sun")
    if throttled is not None and throttled & _WAS:
        return weak(_and(found, "was slowed down or short of voltage since it was switched on"), "look at power supply, cable and air")  # fmt: skip
    return good(found) if found else not_tested("this machine has no sensor")


def look_at_memory() -> Finding:
    """Blocking."""
    rows = dict(re.findall(r"^(\w+):\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE))
    return verdict_of_memory(int(rows["MemAvailable"]) / 1024, int(rows["MemTotal"]) / 1024)


def look_at_heat(thermal: Path = THERMAL) -> Finding:
    """Blocking."""
    return verdict_of_heat(list(_temperatures(thermal)), throttled())


def throttled() -> int | None:
    """Blocking. None where there is no vcgencmd, or it does not answer."""
    if (tool := shutil.which("vcgencmd")) is None:
        return None
    try:
        told = subprocess.run([tool, "get_throttled"], capture_output=True, text=True, check=False, timeout=VCGENCMD_S)
    except subprocess.TimeoutExpired:
        return None
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", told.stdout.strip())
    return int(found[1], 16) if found else None


def look_at_packages(needed: Iterable[str]) -> Finding:
    """Whether the environment has what these stations import."""
    absent = sorted(name for name in needed if find_spec(name) is None)
    if not absent:
        return good("what the stations need is installed")
    profiles = sorted({BROUGHT_BY[name] for name in absent})
    return broken(f"not installed: {', '.join(absent)}", f"./scripts/setup {' '.join(profiles)}")


def _temperatures(thermal: Path) -> Iterable[float]:
    for file in sorted(thermal.glob("thermal_zone*/temp")):
        try:
            yield int(file.read_text(encoding="ascii")) / 1000
        except (OSError, ValueError):
            continue  # a sensor that is asleep


def _and(*said: str) -> str:
    return ", ".join(filter(None, said))
