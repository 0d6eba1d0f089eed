"""Starting this very process anew, with the same arguments and PID: systemd, if there is one, sees the same main process.

For `motcua run`, when the city has sent another configuration. Files and sockets of the old life are closed by the exec itself.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from edge.adapters.trial_files import give_up, settle
from sync.errors import JournalBusy

log = logging.getLogger(__name__)


def restart() -> NoReturn:
    """Never returns. Everything accepted must be on the disk before."""
    log.warning("the agent starts anew")
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same program with the same arguments


@contextlib.contextmanager
def on_trial(file: Path) -> Iterator[None]:
    """Settle what a kill interrupted, then run the block. If it ends by an error, a configuration on trial goes and we start anew.

    Another agent that has the journal is no fault of the configuration. Raise OSError of the files.
    """
    settle(file)
    try:
        yield
    except JournalBusy:
        raise
    except Exception:
        if give_up(file):
            log.exception("the agent ended by itself with the city's configuration")
            restart()
        raise
