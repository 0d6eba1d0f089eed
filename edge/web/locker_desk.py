"""The officer's desk of a cabinet."""

from edge.locker_ports import StaffDesk
from edge.web.auth import Session
from edge.web.site import Site, Viewer


class LockerDeskPage:
    def __init__(self, site: Site, viewer: Viewer, desk: StaffDesk, session: Session) -> None: ...
