"""Logging: readable on a terminal, one JSON object a line elsewhere, and never a telephone number or a code.

`setup` is called once by the command line.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

_PERSONAL = re.compile(r"(?<![\w:-])(?:\+?84|0)[ .]?[35789](?:[ .]?\d){8}(?!\d)")
MASK = "•••"
_OF_EVERY_RECORD = {
    *vars(logging.makeLogRecord({})),
    "message",
    "asctime",
    "taskName",
    "color_message",
}  # the last: uvicorn's


class RedactingFormatter(logging.Formatter):
    """The last line of defence: what looks like a Vietnamese mobile number is masked, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return _PERSONAL.sub(MASK, super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return " ".join([super().formatMessage(record), *(f"{key}={value}" for key, value in _extras(record).items())])


class JsonFormatter(RedactingFormatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = _extras(record) | {"time": when, "level": record.levelname.lower(), "logger": record.name}
        line["message"] = _PERSONAL.sub(MASK, record.getMessage())
        if record.exc_info:
            line["trace"] = _PERSONAL.sub(MASK, self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def setup(stream: TextIO | None = None, *, verbose: bool = False) -> None:
    """Send every log line to `stream` (stderr by default); libraries speak up from WARNING."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    human = RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(human if stream.isatty() else JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for ours in ("config", "devices", "edge", "models", "sync"):
        logging.getLogger(ours).setLevel(logging.DEBUG if verbose else logging.INFO)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    """What `extra=` brought along: numbers as they are, everything else as masked text."""
    found = {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
    return {
        key: value if isinstance(value, int | float) else _PERSONAL.sub(MASK, str(value))
        for key, value in found.items()
    }
