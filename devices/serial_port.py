"""The one place that makes the near end of a line: a pty that stands for a serial port, under a name that stays.

Simulators call this; drivers open the name like any port.
"""

import os
import tty
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PtyLine:
    """Both ends of a pty. We keep the far end open too, so that a program closing the port does not give us EIO."""

    master_fd: int
    far_fd: int
    link: Path | None

    def hang_up(self) -> None:
        """What pulling the cable does: whoever has the port open reads end of file or EIO, and the name is gone."""
        if self.link is not None and self.link.is_symlink() and str(self.link.readlink()) == os.ttyname(self.far_fd):
            self.link.unlink(missing_ok=True)  # unless another line has taken the name over
        os.close(self.master_fd)
        os.close(self.far_fd)


def open_pty(link: Path | None = None) -> PtyLine:
    """A raw, non-blocking pty; `link` becomes a symbolic link to its far end, replacing an old one in one step."""
    master_fd, far_fd = os.openpty()
    tty.setraw(far_fd)
    os.set_blocking(master_fd, False)
    if link is not None:
        fresh = link.with_name(link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(far_fd))
        fresh.replace(link)
    return PtyLine(master_fd, far_fd, link)
