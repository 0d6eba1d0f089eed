"""When a line is paid by the byte. Pure."""

from datetime import datetime, time


def is_within(hours: str, now: datetime) -> bool:
    """Whether `now` is in "07:00-18:00"; "22:00-05:00" goes over midnight."""
    start, end = (time.fromisoformat(text) for text in hours.split("-"))
    moment = now.time().replace(tzinfo=None)
    return start <= moment < end if start <= end else moment >= start or moment < end
