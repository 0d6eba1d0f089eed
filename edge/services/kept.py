"""For what is worth keeping and worth nobody's wait: a journal that takes nothing is told in the log, and things go on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sync.errors import JournalError


@contextmanager
def kept_or_told(log: logging.Logger, what: str) -> Iterator[None]:
    """The block ends where the journal refuses, and nothing is raised; `what` says in the log what was not kept."""
    try:
        yield
    except JournalError as error:
        log.warning("%s: %s", what, error)
