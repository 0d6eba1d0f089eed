"""The queue's addresses: who may open which. `edge.web.gate` asks before there is a page."""

import re

from edge.web.auth import Session
from edge.web.site import Site

PANEL = re.compile(r"/quay/([a-z0-9-]+)/so")
BOARD, KIOSK, REPORT = "/bang-so", "/lay-so", "/lanh-dao/so"


def is_queue(path: str) -> bool:
    return path in {BOARD, KIOSK, REPORT} or PANEL.fullmatch(path) is not None


def needs_session(path: str) -> bool:
    return path == REPORT or PANEL.fullmatch(path) is not None


def exists(site: Site, path: str) -> bool:
    """Only where this device has a queue, and a panel only for a counter that calls numbers."""
    desk, panel = site.desks.queue, PANEL.fullmatch(path)
    if desk is None:
        return False
    return panel is None or any(one.counter == panel[1] for one in desk.counters())


def may_see(path: str, session: Session | None, *, is_tablet: bool) -> bool:
    """Board and kiosk have no login: this machine and the listed ones only."""
    panel = PANEL.fullmatch(path)
    if path == REPORT:
        return session is not None and session.is_leader
    if panel is None:
        return is_tablet
    return session is not None and session.may_see_counter(panel[1])
