import re

import pytest

from edge.domain.level import Level
from edge.web import theme

AA_TEXT, AA_SHAPES = 4.5, 3.0


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance of sRGB."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    "tone",
    [
        *theme.TONES.values(),
        *theme.DOORS.values(),
        *theme.FLEET.values(),
        theme.QUIET,
        theme.Tone(theme.FAULT, theme.FAULT_SOFT),
    ],
)
def test_words_on_every_tone_are_readable(tone: theme.Tone) -> None:
    assert contrast(tone.strong, tone.soft) >= AA_TEXT
    assert contrast(tone.strong, "#ffffff") >= AA_TEXT
    assert contrast(theme.INK, tone.soft) >= AA_TEXT


@pytest.mark.parametrize("ground", [theme.PAPER, theme.CARD, theme.QUIET.soft])
@pytest.mark.parametrize("ink", [theme.INK, theme.MUTED, theme.BRAND])
def test_text_is_readable_on_every_ground(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= AA_TEXT


def test_only_a_broken_door_is_red() -> None:
    assert [name for name, tone in theme.DOORS.items() if tone.strong == theme.FAULT] == ["fault"]


@pytest.mark.parametrize(("ink", "ground"), [("#3b4a51", "#c9d3d6"), ("#14232b", "#ffd166"), ("#ffd166", "#0d171b")])
def test_the_numbers_on_the_citizens_doors_are_readable(ink: str, ground: str) -> None:
    assert ink in theme.stylesheet()
    assert ground in theme.stylesheet()
    assert contrast(ink, ground) >= AA_TEXT


def test_bars_stand_out_from_the_card() -> None:
    assert min(contrast(tone.strong, theme.CARD) for tone in theme.TONES.values()) >= AA_SHAPES


def test_every_colour_the_style_sheet_names_exists() -> None:
    css = theme.stylesheet()
    defined = set(re.findall(r"(--[a-z-]+)\s*:", css))
    assert set(re.findall(r"var\((--[a-z-]+)\)", css)) <= defined | {"--share", "--lost", "--mark"}  # set on the page


def test_the_style_sheet_asks_nobody_else_for_anything() -> None:
    assert not re.search(r"url\(|@import|https?:", theme.stylesheet())


def test_five_faces_differ_and_hide_from_the_screen_reader() -> None:
    faces = {theme.face_svg(level) for level in Level}
    assert len(faces) == 5
    assert all('aria-hidden="true"' in face for face in faces)
