"""When the made-up day is."""

from datetime import datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
MORNING = datetime(2026, 11, 20, 10, 42, tzinfo=ZONE)
