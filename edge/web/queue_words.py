"""How the queue's pages say durations, priorities, closed doors and numbers. Pure: words in, a sentence out."""

from datetime import datetime

from edge.domain.spoken_number import counted, spelled
from edge.queue_ports import CallView, Closed, Priority, Refusal, TicketView
from edge.web.words import Words


def duration(words: Words, seconds: float) -> str:
    """`7 phút`, `1 giờ 05 phút`; nobody needs the seconds."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return words("page.queue.minutes", n=minutes)
    hours, rest = divmod(minutes, 60)
    return words("page.queue.hours", hours=hours, minutes=f"{rest:02}")


def wait(words: Words, seconds: float | None) -> str:
    """What somebody who takes a number now is told; rounded, because it is an estimate."""
    if seconds is None:
        return words("page.queue.wait_unknown")
    if seconds < 60:
        return words("page.queue.wait_none")
    minutes = round(seconds / 60)
    rounded = minutes if minutes < 10 else 5 * round(minutes / 5)
    return words("page.queue.wait_about", time=duration(words, rounded * 60))


def priority(words: Words, one: Priority) -> str:
    return "" if one is Priority.NONE else words(f"page.queue.priority_{one}")


def ticket_note(words: Words, ticket: TicketView) -> str:
    """How long it waited, and how often nobody came."""
    said = words("page.queue.waited", time=duration(words, ticket.waited_s))
    return f"{said} · {words('page.queue.missed', n=ticket.misses)}" if ticket.misses else said


def refused(words: Words, refusal: Refusal) -> str:
    return words(f"page.queue.refused_{refusal}")


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
