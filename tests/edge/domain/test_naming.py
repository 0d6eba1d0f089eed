"""When a name may be said: every policy, and what a day of answers comes to."""

from datetime import date

import pytest

from edge.domain.naming import TRIES_A_DAY, Answered, NamePolicy, NameStep, after_challenge, name_step

LAN, MINH = "a1b2", "c3d4"
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)


def after(*answers: bool) -> Answered:
    kept = Answered()
    for is_passed in answers:
        kept = after_challenge(kept, LAN, MONDAY, is_passed=is_passed)
    return kept


@pytest.mark.parametrize(
    ("policy", "answers", "day", "step"),
    [
        (NamePolicy.CHALLENGE, (), MONDAY, NameStep.CHALLENGE),
        (NamePolicy.CHALLENGE, (True,), MONDAY, NameStep.GREET),
        (NamePolicy.CHALLENGE, (True,), TUESDAY, NameStep.CHALLENGE),
        (NamePolicy.CHALLENGE, (False,), MONDAY, NameStep.CHALLENGE),
        (NamePolicy.CHALLENGE, (False,) * TRIES_A_DAY, MONDAY, NameStep.PLAIN),
        (NamePolicy.CHALLENGE, (False,) * TRIES_A_DAY, TUESDAY, NameStep.CHALLENGE),
        (NamePolicy.PASSIVE, (False,) * TRIES_A_DAY, MONDAY, NameStep.GREET),
        (NamePolicy.NEVER, (True,), MONDAY, NameStep.PLAIN),
    ],
)
def test_what_comes_of_a_recognised_face(
    policy: NamePolicy, answers: tuple[bool, ...], day: date, step: NameStep
) -> None:
    assert name_step(policy, LAN, after(*answers), day) is step


def test_one_persons_answer_speaks_for_nobody_else() -> None:
    assert name_step(NamePolicy.CHALLENGE, MINH, after(True), MONDAY) is NameStep.CHALLENGE
    assert name_step(NamePolicy.CHALLENGE, MINH, after(False, False), MONDAY) is NameStep.CHALLENGE
