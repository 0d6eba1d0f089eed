"""No telephone number reaches a log line, whatever somebody formats into it."""

import io
import json
import logging

import pytest

from edge.adapters.logs import MASK, setup


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    stream = io.StringIO()
    setup(stream)
    return stream


@pytest.mark.parametrize("number", ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678", "098 7654321"])
def test_a_number_is_masked_in_message_and_trace(stream: io.StringIO, number: str) -> None:
    try:
        int(f"#{number}")
    except ValueError:
        logging.getLogger("edge.test").exception("could not reach %s", number)
    line = json.loads(stream.getvalue())
    assert number not in stream.getvalue()
    assert line["message"] == f"could not reach {MASK}"
    assert MASK in line["trace"]


@pytest.mark.parametrize(
    "text", ["seq 4711 head 0912", "2026-11-21T08:15:30", "visit 01JD0912345678ABCDEFGHJKMN", "1234567890123"]
)
def test_other_numbers_stay(stream: io.StringIO, text: str) -> None:
    logging.getLogger("edge.test").warning("%s", text)
    assert json.loads(stream.getvalue())["message"] == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_an_event_carries_besides_its_name_is_in_the_line(stream: io.StringIO) -> None:
    logging.getLogger("sync.test").warning(
        "sync.lost", extra={"why": "no route", "seq": 84912345678, "by": "0912345678"}
    )
    line = json.loads(stream.getvalue())
    assert (line["message"], line["why"], line["seq"], line["by"]) == ("sync.lost", "no route", 84912345678, MASK)


def test_a_person_at_a_terminal_reads_it_too(stream: io.StringIO) -> None:
    terminal = Terminal()
    setup(terminal)
    logging.getLogger("sync.test").warning("sync.lost", extra={"why": "no route", "by": "0912345678"})
    assert terminal.getvalue().rstrip().endswith(f"sync.test: sync.lost why=no route by={MASK}")
    assert stream.getvalue() == ""
