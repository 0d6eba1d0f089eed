"""The addresses of one device's pages: which exist, which need a session, and who may open them."""

import re

from edge.web import queue_gate
from edge.web.auth import Session
from edge.web.doors import Door
from edge.web.site import Site

OFFICER, TABLET = re.compile(r"/quay/([a-z0-9-]+)"), re.compile(r"/danh-gia/([a-z0-9-]+)")
HOME, LEADER, DEVICE = "/", "/lanh-dao", "/thiet-bi"
LOCKER, LOCKER_DESK, LOCKER_SERVICE = "/tu", "/tu/can-bo", "/tu/ky-thuat"
GUIDE, FACES, HEARING = "/huong-dan", "/khuon-mat", "/huong-dan/ky-thuat"


class DeviceDoors:
    """Those of the stations that this device has."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def ask(self, path: str, session: Session | None, *, is_tablet: bool) -> Door:
        if path == HOME:
            return Door.PLAIN
        if session is None and _needs_session(path):
            return Door.LOGIN
        if not self._exists(path):
            return Door.UNKNOWN
        return Door.PAGE if _may_see(path, session, is_tablet=is_tablet) else Door.FORBIDDEN

    def _exists(self, path: str) -> bool:
        if path in {LOCKER, LOCKER_DESK, LOCKER_SERVICE}:
            return self._site.desks.locker is not None
        if path == GUIDE:
            return self._site.desks.guide is not None
        if path == FACES:
            return self._site.desks.faces is not None
        if path == HEARING:
            return self._site.desks.hearing is not None
        if queue_gate.is_queue(path):
            return queue_gate.exists(self._site, path)
        found = OFFICER.fullmatch(path) or TABLET.fullmatch(path)
        return path in {LEADER, DEVICE} or bool(found and found[1] in self._site.desks.counters.counters())


def _needs_session(path: str) -> bool:
    own = path in {LEADER, DEVICE, LOCKER_DESK, LOCKER_SERVICE, FACES, HEARING} or OFFICER.fullmatch(path) is not None
    return own or queue_gate.needs_session(path)


def _may_see(path: str, session: Session | None, *, is_tablet: bool) -> bool:
    if queue_gate.is_queue(path):
        return queue_gate.may_see(path, session, is_tablet=is_tablet)
    if path in {LOCKER, GUIDE} or TABLET.fullmatch(path):
        return is_tablet
    if session is None:
        return False
    by_role = {
        LEADER: session.is_leader, LOCKER_DESK: session.may_see_locker, FACES: session.may_take_consent,
        HEARING: session.may_overhear,
    }  # fmt: skip
    if path in by_role:
        return by_role[path]
    officer = OFFICER.fullmatch(path)
    return session.may_see_counter(officer[1]) if officer else session.may_see_device
