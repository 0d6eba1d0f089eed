"""The demo's hall: citizens who take numbers, officers who call them, on the real desk. `edge.demo` plays it beside the story."""

import asyncio
from pathlib import Path

from edge.queue_ports import Action, Priority, QueueDesk
from sync import inspect

FIRST, SECOND = "quay-01", "quay-02"
CONFIG = """
[queue.services.ho-tich]
name = "Hộ tịch - Chứng thực"
name_en = "Civil status"
letter = "A"
counters = ["quay-01", "quay-02"]
minutes = 8
[queue.services.dat-dai]
name = "Đất đai - Xây dựng"
name_en = "Land and building"
letter = "B"
counters = ["quay-02"]
minutes = 15
[queue.hours]
weekdays = ["00:00-24:00"]
saturday = ["00:00-24:00"]
sunday = ["00:00-24:00"]
"""
_COMING = (
    ("ho-tich", Priority.NONE),
    ("dat-dai", Priority.NONE),
    ("ho-tich", Priority.OLDER),
    ("ho-tich", Priority.NONE),
)
_PRESSES = (  # what an officer presses on whoever was called
    (FIRST, (Action.COME, Action.FINISH)),  # who has priority
    (SECOND, (Action.RECALL, Action.COME, Action.TRANSFER)),  # was in the wrong queue
    (FIRST, (Action.SKIP,)),  # is not there
    (SECOND, (Action.COME, Action.FINISH)),
    (FIRST, (Action.COME, Action.FINISH)),
    (SECOND, (Action.COME, Action.FINISH)),
)


async def play_hall(desk: QueueDesk, pause_s: float, *, is_endless: bool = False) -> None:
    """Four citizens take numbers and are served."""
    while True:
        for service, priority in _COMING:
            await desk.issue(service, priority)
            await asyncio.sleep(pause_s / 2)
        for counter, presses in _PRESSES:
            await desk.call_next(counter)
            await _press(desk, counter, presses, pause_s)
        if not is_endless:
            return
        await asyncio.sleep(20 * pause_s)


async def _press(desk: QueueDesk, counter: str, presses: tuple[Action, ...], pause_s: float) -> None:
    current = desk.panel(counter).current
    if current is None:
        return  # a person at the pages was faster
    for action in presses:
        await asyncio.sleep(pause_s)
        await desk.press(counter, current.label, action, "dat-dai" if action is Action.TRANSFER else None)


def count_tickets(data_dir: Path) -> dict[str, int]:
    """Numbers given, and calls, out of the journal."""
    by_type = inspect.stats(data_dir).by_type
    return {"issued": by_type.get("ticket.issued", 0), "called": by_type.get("ticket.called", 0)}
