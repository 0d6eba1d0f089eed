"""Consent to be recognised: what is kept, what for, given when and to whom; what may be enrolled; when it lapses. Pure.

Law 91/2025/QH15 art. 9 and 31: voluntary, informed, for one purpose, provable; a face template is sensitive data.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from edge.domain.recognition import Aliveness, Numbers, cosine

_DAY_S = 86_400.0
_BETWEEN_LETTERS = " .'’-"


class Kept(StrEnum):
    """What a consent lets the device keep."""

    FACE = "face"


class Use(StrEnum):
    """What it may be used for, and for nothing else."""

    GREETING = "greeting"


class Ended(StrEnum):
    """Why a consent ended; the template is deleted with each."""

    PERSON_ASKED = "person_asked"
    ENROLLED_AGAIN = "enrolled_again"
    UNUSED = "unused"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Consent:
    """`given_to`: the user who took it. `notice`: which text was shown, by its version."""

    what: Kept
    why: Use
    given_at: datetime
    given_to: str
    notice: str


class BadName(ValueError):
    """Not something to be greeted by; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class ChosenName:
    """What a person wants to be called. `str()` is masked; the greeting takes `.reveal()`."""

    _text: str = field(repr=False)

    LONGEST = 40

    @classmethod
    def parse(cls, text: str) -> Self:
        """Letters of any language, with spaces, dots, hyphens and apostrophes between them. Raise BadName."""
        name = " ".join(unicodedata.normalize("NFC", text).split())
        letters = [one for one in name if one not in _BETWEEN_LETTERS]
        if not letters or len(name) > cls.LONGEST or not all(_is_letter(one) for one in letters):
            raise BadName(f"a name to be greeted by has 1 to {cls.LONGEST} letters, and no digits")
        return cls(name)

    def reveal(self) -> str:
        """The name in clear. Every caller of this is a place to review."""
        return self._text

    def __str__(self) -> str:
        return f"{self._text[0]}•••"


class Unfit(StrEnum):
    """Why nobody is enrolled from these pictures; a message key."""

    NO_PICTURE = "no_picture"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    TURNED = "turned"
    CUT_OFF = "cut_off"
    BLURRED = "blurred"
    BAD_LIGHT = "bad_light"
    NOT_ONE_PERSON = "not_one_person"
    NOT_LIVE = "not_live"
    KNOWN_ALREADY = "known_already"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of an enrolment. All but `faces` belong to its largest face; angles in degrees, 0 looks into the camera."""

    faces: int
    width_px: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    sharpness: float = 0.0
    brightness: float = 0.0
    inside: float = 1.0
    numbers: Numbers = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentRules:
    """Stricter than recognising: a bad template errs for a year. `alike`: the cosine that pictures of one person keep."""

    alike: float
    min_width_px: float = 80.0
    max_yaw: float = 20.0
    max_pitch: float = 20.0
    max_roll: float = 25.0
    min_sharpness: float = 0.02
    min_brightness: float = 40.0
    max_brightness: float = 220.0
    min_inside: float = 0.99
    unused_days: int = 365


def unfit(shot: Shot, rules: EnrolmentRules) -> Unfit | None:
    """The first thing that is wrong with a picture."""
    checks = (
        (shot.faces == 0, Unfit.NO_FACE),
        (shot.faces > 1, Unfit.SEVERAL_FACES),
        (shot.width_px < rules.min_width_px, Unfit.TOO_SMALL),
        (shot.inside < rules.min_inside, Unfit.CUT_OFF),
        (abs(shot.yaw) > rules.max_yaw or abs(shot.pitch) > rules.max_pitch, Unfit.TURNED),
        (abs(shot.roll) > rules.max_roll, Unfit.TURNED),
        (not rules.min_brightness <= shot.brightness <= rules.max_brightness, Unfit.BAD_LIGHT),
        (shot.sharpness < rules.min_sharpness, Unfit.BLURRED),
    )
    return next((why for is_wrong, why in checks if is_wrong), None)


def unfit_together(
    shots: Sequence[Shot], rules: EnrolmentRules, alive: Aliveness | None = None
) -> tuple[int | None, Unfit] | None:
    """Which picture, and why; no number when it is about all of them. `alive` is None when nobody could check it (photographs)."""
    if not shots:
        return None, Unfit.NO_PICTURE
    for place, shot in enumerate(shots):
        if why := unfit(shot, rules):
            return place, why
    for place, shot in enumerate(shots[1:], start=1):
        if cosine(shots[0].numbers, shot.numbers) < rules.alike:
            return place, Unfit.NOT_ONE_PERSON
    return (None, Unfit.NOT_LIVE) if alive not in {None, Aliveness.LIVE} else None


def unused_since(now_s: float, rules: EnrolmentRules) -> float:
    """Whoever was not recognised since this moment has lapsed, epoch seconds."""
    return now_s - rules.unused_days * _DAY_S


def noted(notice: str) -> str:
    """Which notice a person agreed to: the beginning of its SHA-256, so that the very words can be proved later."""
    return hashlib.sha256(notice.encode()).hexdigest()[:16]


def _is_letter(one: str) -> bool:
    return unicodedata.category(one)[0] in "LM"
