"""The clock: whether a time server keeps it, and whether it goes with the journal's last event and with somebody else's clock."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.web_answer import Answer
from edge.domain.clock_skew import LIMIT

OFF_S = LIMIT.total_seconds()  # from here on the agent takes no order from the city
ODD_S = 5.0
AHEAD_S = 60.0
_TIME_ERROR, _TIMEX_BYTES = 5, 256  # adjtimex(2); struct timex has 208 bytes at most
SET_IT = "set it: sudo timedatectl set-ntp true; without a network: sudo timedatectl set-time 'YYYY-MM-DD HH:MM:SS'"


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else's clock: `skew_s` is ours minus theirs."""

    whose: str
    skew_s: float


def verdict_of_clock(now: datetime, *, is_kept: bool | None, other: Other | None, last: datetime | None) -> Finding:
    """`is_kept`: by a time server; None where nobody can say. `last`: the latest time in the journal, believed when nobody else says."""
    said = [{True: "synchronised", False: "not synchronised (NTP)", None: ""}[is_kept]]
    if other is not None:
        said.append(f"{abs(other.skew_s):.0f} s off against {other.whose}")
    if last is not None and (last - now).total_seconds() > AHEAD_S:
        if other is None and is_kept is not True:
            return broken(f"{now:%d/%m/%Y %H:%M} is before the journal's last event of {last:%d/%m/%Y %H:%M}", SET_IT)
        said.append(f"an event of {last:%d/%m/%Y %H:%M} was written when it was ahead")
    found = ", ".join(filter(None, said))
    if other is not None and abs(other.skew_s) > OFF_S:
        return broken(found, SET_IT)
    if other is not None and abs(other.skew_s) > ODD_S:
        return weak(found, SET_IT)
    if is_kept is False:
        return weak(f"{found}; {now:%d/%m/%Y %H:%M} here", f"compare it with your watch; {SET_IT}")
    return (
        good(found)
        if found
        else not_tested(f"{now:%d/%m/%Y %H:%M} here; nobody says whether that is right", "compare it with your watch")
    )


def is_kept_by_ntp() -> bool | None:
    """As systemd says, or the kernel. Blocking."""
    if (tool := shutil.which("timedatectl")) is not None:
        try:
            done = subprocess.run([tool, "show", "-p", "NTPSynchronized", "--value"], capture_output=True, text=True, check=False, timeout=5)  # fmt: skip
        except subprocess.TimeoutExpired:
            return kernel_says()
        if done.returncode == 0 and done.stdout.strip() in {"yes", "no"}:
            return done.stdout.strip() == "yes"
    return kernel_says()


def kernel_says() -> bool | None:
    """What adjtimex(2) says when it is only asked."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None).adjtimex(timex)
    return None if state < 0 else state != _TIME_ERROR


def skew_of(answer: Answer, whose: str) -> Other | None:
    """From the Date of an HTTP answer (RFC 9110, 6.6.1), which counts whole seconds, and may have been on its way for some."""
    try:
        theirs = parsedate_to_datetime(answer.date or "")
    except ValueError:
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    ahead_s = (answer.asked - theirs).total_seconds() - 1.0
    behind_s = (theirs - answer.answered).total_seconds()
    return Other(whose, max(0.0, ahead_s) - max(0.0, behind_s))


def look_at_clock(now: datetime, last: datetime | None, other: Callable[[], Other | None]) -> Finding:
    """Blocking."""
    return verdict_of_clock(now, is_kept=is_kept_by_ntp(), other=other(), last=last)
