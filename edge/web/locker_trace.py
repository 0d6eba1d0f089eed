"""The raw line, frame by frame, decoded: for the technician of a cabinet."""

from collections import deque
from collections.abc import Iterable

from edge.locker_ports import StaffDesk, TraceRow
from edge.web.live import Live
from edge.web.parts import Text, block, button, drawing
from edge.web.plain import e
from edge.web.words import Words

FRAMES_KEPT = 400
FRAMES_SHOWN = 120
ROUTINE = {"read_all", "read_one", "doors", "door"}  # what a healthy line says all day
ALARMING = {"noise", "unlock_failed", "refused", "late", "stray"}
UNLOCKING = {"unlock", "unlock_reply", "pushed"}


class TracePanel:
    """Newest first. Can be held still to be read; questions that repeat all day can be left out."""

    def __init__(self, live: Live, desk: StaffDesk) -> None:
        self._words = words = live.viewer.words
        self._rows = deque(desk.trace(), FRAMES_KEPT)
        self._is_still = self._is_brief = False
        with block("div", "cabinet-head"):
            Text("h2", words("page.locker.line"))
            with block("div", "actions"):
                self._brief = button(words("page.locker.brief"), self._toggle_brief, "plain")
                self._still = button(words("page.locker.hold"), self._toggle_still, "plain")
        self._table = drawing("", "trace")
        self._desk = desk
        self._mark()
        self._draw_now()
        self._paced = live.paced(self._draw)
        live.follow(desk.subscribe_trace, self._take)
        live.at_connect(self._catch_up)

    def _catch_up(self) -> None:
        self._rows = deque(self._desk.trace(), FRAMES_KEPT)
        self._draw_now()

    def _take(self, row: TraceRow) -> None:
        self._rows.append(row)
        if not self._is_still:
            self._paced.ask()

    async def _draw(self) -> None:
        if not self._is_still:
            self._draw_now()

    def _draw_now(self) -> None:
        shown = [row for row in reversed(self._rows) if not (self._is_brief and row.meaning in ROUTINE)]
        self._table.content = table(self._words, shown[:FRAMES_SHOWN])

    def _toggle_brief(self) -> None:
        self._is_brief = not self._is_brief
        self._mark()
        self._draw_now()

    def _toggle_still(self) -> None:
        self._is_still = not self._is_still
        self._mark()
        self._draw_now()

    def _mark(self) -> None:
        self._brief.props["aria-pressed"] = str(self._is_brief).lower()
        self._still.props["aria-pressed"] = str(self._is_still).lower()


def table(words: Words, rows: Iterable[TraceRow]) -> str:
    """Rows as markup; everything that came over a line is escaped."""
    heads = "".join(
        f'<th scope="col">{e(words(key))}</th>'
        for key in (
            "page.locker.trace_at",
            "page.locker.trace_board",
            "page.locker.trace_frame",
            "page.locker.trace_meaning",
        )
    )
    body = "".join(_row(words, row) for row in rows)
    return f'<table class="frames"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _row(words: Words, row: TraceRow) -> str:
    kind = "alarming" if row.meaning in ALARMING else "unlocking" if row.meaning in UNLOCKING else ""
    arrow = "→" if row.sent else "←"
    way = words("page.locker.trace_sent" if row.sent else "page.locker.trace_received")
    return (
        f'<tr class="{kind}"><td>{row.at:%H:%M:%S}.{row.at.microsecond // 1000:03}</td><td>{e(row.board)}</td>'
        f'<td><span role="img" aria-label="{e(way)}">{arrow}</span> <code>{e(row.frame.upper())}</code></td><td>{e(meaning(words, row))}</td></tr>'
    )


def meaning(words: Words, row: TraceRow) -> str:
    """The sentence of a frame; a meaning nobody wrote a sentence for is named as it is, with its values."""
    said = words.first(f"page.locker.trace.{row.meaning}", "page.locker.trace.other", meaning=row.meaning)
    values = (
        words.first(f"page.locker.trace_value.{name}", "page.locker.trace_value.other", name=name, value=value)
        for name, value in row.values.items()
        if name != "board"  # it has a column
    )
    return " · ".join([said, *values])
