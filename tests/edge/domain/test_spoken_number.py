import pytest

from edge.domain.spoken_number import counted, spelled


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("A012", "A không một hai"),
        ("A000", "A không không không"),
        ("B999", "B chín chín chín"),
        ("C345", "C ba bốn năm"),
        ("D678", "D sáu bảy tám"),
        ("A 012", "A không một hai"),
        ("HT7", "H T bảy"),
    ],
)
def test_a_ticket_is_spelled(label: str, said: str) -> None:
    assert spelled(label) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "không"), (1, "một"), (3, "ba"), (4, "bốn"), (5, "năm"), (9, "chín"),
        (10, "mười"), (11, "mười một"), (14, "mười bốn"), (15, "mười lăm"), (19, "mười chín"),
        (20, "hai mươi"), (21, "hai mươi mốt"), (24, "hai mươi tư"), (25, "hai mươi lăm"), (28, "hai mươi tám"),
        (51, "năm mươi mốt"), (55, "năm mươi lăm"), (99, "chín mươi chín"),
        (100, "một trăm"), (101, "một trăm lẻ một"), (104, "một trăm lẻ bốn"), (105, "một trăm lẻ năm"),
        (110, "một trăm mười"), (115, "một trăm mười lăm"), (121, "một trăm hai mươi mốt"), (555, "năm trăm năm mươi lăm"),
        (999, "chín trăm chín mươi chín"),
    ],
)  # fmt: skip
def test_a_counter_is_counted(number: int, said: str) -> None:
    assert counted(number) == said


@pytest.mark.parametrize("number", [-1, 1000])
def test_what_nobody_says_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        counted(number)


def test_no_two_counters_sound_the_same() -> None:
    assert len({counted(number) for number in range(1000)}) == 1000
