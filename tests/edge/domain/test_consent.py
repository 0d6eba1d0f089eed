"""What may be enrolled, under which name, and when a consent lapses."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.consent import (
    BadName,
    ChosenName,
    EnrolmentRules,
    Shot,
    Unfit,
    unfit,
    unfit_together,
    unused_since,
)
from edge.domain.recognition import Aliveness

RULES = EnrolmentRules(alike=0.3)
GOOD = Shot(1, width_px=150, sharpness=0.2, brightness=120, numbers=(1.0, 0.0))
OTHER = replace(GOOD, numbers=(0.0, 1.0))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"faces": 0}, Unfit.NO_FACE),
        ({"faces": 2}, Unfit.SEVERAL_FACES),
        ({"width_px": 79}, Unfit.TOO_SMALL),
        ({"yaw": 21}, Unfit.TURNED),
        ({"yaw": -90}, Unfit.TURNED),
        ({"pitch": -21}, Unfit.TURNED),
        ({"roll": 26}, Unfit.TURNED),
        ({"sharpness": 0.01}, Unfit.BLURRED),
        ({"brightness": 20}, Unfit.BAD_LIGHT),
        ({"brightness": 250}, Unfit.BAD_LIGHT),
        ({"inside": 0.9}, Unfit.CUT_OFF),
    ],
)
def test_what_is_wrong_with_a_picture(changed: dict[str, float], why: Unfit | None) -> None:
    assert unfit(replace(GOOD, **changed), RULES) is why  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shots", "alive", "expected"),
    [
        ((), None, (None, Unfit.NO_PICTURE)),
        ((GOOD, GOOD), None, None),
        ((GOOD, GOOD), Aliveness.LIVE, None),
        ((GOOD, GOOD), Aliveness.UNSURE, (None, Unfit.NOT_LIVE)),
        ((GOOD,), Aliveness.NOT_LIVE, (None, Unfit.NOT_LIVE)),
        ((GOOD, OTHER), None, (1, Unfit.NOT_ONE_PERSON)),
        ((GOOD, replace(GOOD, yaw=40)), None, (1, Unfit.TURNED)),
        ((GOOD, replace(GOOD, faces=2)), Aliveness.LIVE, (1, Unfit.SEVERAL_FACES)),
    ],
)
def test_what_is_wrong_with_them_together(
    shots: tuple[Shot, ...], alive: Aliveness | None, expected: tuple[int | None, Unfit] | None
) -> None:
    assert unfit_together(shots, RULES, alive) == expected


@pytest.mark.parametrize(
    "text", ["Lan", "  cô   Lan ", "Nguyễn Thị Ánh", "D'Arcy", "Ông Ba.", "Y-Moan", "Nguyê\u0303n"]
)
def test_what_people_are_called(text: str) -> None:
    name = ChosenName.parse(text)
    assert name.reveal() == " ".join(name.reveal().split())
    assert name.reveal() not in f"{name} {name!r}"


@pytest.mark.parametrize("text", ["", "   ", "-", "0912345678", "Lan 2", "x" * 41, "<b>Lan</b>", "Lan\n\tAnh;", "💐"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadName) as raised:
        ChosenName.parse(text)
    assert not text.strip() or text not in str(raised.value)


def test_the_same_name_in_two_spellings_of_unicode_is_one() -> None:
    assert ChosenName.parse("Nguyê\u0303n") == ChosenName.parse("Nguyễn")


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = ChosenName.parse(text)
    except BadName:
        return
    assert 1 <= len(name.reveal()) <= ChosenName.LONGEST
    assert not any(one.isdigit() for one in name.reveal())


def test_a_year_without_use() -> None:
    assert unused_since(400 * 86_400.0, RULES) == 35 * 86_400.0
