"""Which of several receipts is acted on."""

import pytest

from sync.inbox import ReceiptInbox, Waiting
from sync.marks import Receipt

HEAD = "f" * 64


def waiting(seq: int, *, resend: bool = False, is_live: bool = True) -> Waiting:
    return Waiting(Receipt(seq=seq, head=HEAD, resend=resend), is_live)


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ([waiting(5)], waiting(5)),
        ([waiting(5), waiting(6)], waiting(6)),
        ([waiting(5), waiting(5, resend=True)], waiting(5, resend=True)),
        ([waiting(5, resend=True), waiting(5)], waiting(5, resend=True)),
        ([waiting(5, resend=True), waiting(5), waiting(5)], waiting(5, resend=True)),
        ([waiting(5, resend=True), waiting(6)], waiting(6)),  # it has come in the meantime
        ([waiting(5, resend=True), waiting(3)], waiting(3, resend=True)),  # a city that was restored
        ([waiting(5, is_live=False), waiting(5)], waiting(5)),
    ],
)
async def test_the_newest_counts_and_what_was_asked_stays(heard: list[Waiting], left: Waiting) -> None:
    inbox = ReceiptInbox()
    for one in heard:
        inbox.put(one)
    assert await inbox.get() == left
