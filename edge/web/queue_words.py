"""How the queue's pages say durations, priorities, closed doors and numbers. Pure: words in, a sentence out."""

from datetime import datetime, timedelta

from edge.domain.spoken_number import counted, spelled
from edge.queue_ports import CallView, Closed, Priority, ServiceView, TicketView
from edge.web.words import Words

LONG_S = 3600.0


def duration(words: Words, seconds: float) -> str:
    """`7 phút`, `1 giờ 05 phút`; nobody needs the seconds."""
    minutes = round(seconds / 60)
    if not minutes:
        return words("page.queue.moment")
    if minutes < 60:
        return words("page.queue.minutes", n=minutes)
    hours, rest = divmod(minutes, 60)
    return words("page.queue.hours", hours=hours, minutes=f"{rest:02}")


def wait(words: Words, seconds: float | None, at: datetime | None) -> str:
    """What somebody who takes a number now is told; rounded, because it is an estimate. A long wait is told by the clock."""
    if seconds is None or at is None:
        return words("page.queue.wait_unknown")
    if seconds < 60:
        return words("page.queue.wait_none")
    if seconds >= LONG_S:
        rounded = at + timedelta(minutes=-at.minute % 5)
        return words("page.queue.wait_until", time=f"{rounded:%H:%M}")
    minutes = round(seconds / 60)
    rough = minutes if minutes < 10 else 5 * round(minutes / 5)
    return words("page.queue.wait_about", time=duration(words, rough * 60))


def service_waits(words: Words, view: ServiceView) -> str:
    """`Đang chờ: 5 · khoảng 20 phút`."""
    return f"{words('page.queue.waiting', n=view.waiting)} · {wait(words, view.wait_s, view.at)}"


def priority(words: Words, one: Priority) -> str:
    return "" if one is Priority.NONE else words(f"page.queue.priority_{one}")


def ticket_note(words: Words, ticket: TicketView) -> str:
    """How long it waited, and how often nobody came."""
    said = words("page.queue.waited", time=duration(words, ticket.waited_s))
    return f"{said} · {words('page.queue.missed', n=ticket.misses)}" if ticket.misses else said


def closed_why(words: Words, shut: Closed) -> str:
    return words(f"page.queue.closed_{shut.why}", holiday=shut.holiday or "")


def closed_until(words: Words, shut: Closed, now: datetime) -> str:
    """When it opens next, with the day when it is not today."""
    if shut.opens is None:
        return words("page.queue.opens_unknown")
    if shut.opens.date() == now.date():
        return words("page.queue.opens_today", time=f"{shut.opens:%H:%M}")
    day = words(f"page.queue.day_{shut.opens.weekday()}")
    return words("page.queue.opens_later", time=f"{shut.opens:%H:%M}", day=day, date=f"{shut.opens:%d/%m}")


def announcement(words: Words, call: CallView) -> str:
    """`Mời số A không một hai đến quầy ba`: what the board says aloud."""
    is_vietnamese = words.lang == "vi"
    number = spelled(call.label) if is_vietnamese else " ".join(call.label)
    counter = counted(call.counter.number) if is_vietnamese else str(call.counter.number)
    return words("page.board.said", number=number, counter=counter)
