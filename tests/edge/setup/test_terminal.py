"""Questions: checked at once, asked again, never answered by somebody who is not there."""

import io
from collections import deque

import pytest

from config.peripherals import Scanner
from config.schema import Agent, Contact, Counter, Web
from edge.setup.rules import as_typed, is_example, rule, some_of, whole
from edge.setup.terminal import InputEnded, Terminal, Unanswered


class Typed:
    def __init__(self, *lines: str) -> None:
        self.lines = deque(lines)

    async def line(self) -> str:
        if not self.lines:
            raise InputEnded
        return self.lines.popleft()

    def forget(self) -> None:
        pass


def terminal(*lines: str) -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    return Terminal(Typed(*lines), out), out


async def test_a_wrong_answer_is_explained_and_asked_again() -> None:
    one, out = terminal("Phường", "thu-duc")
    assert await one.ask("Site", rule(Agent, "site")) == "thu-duc"
    assert "small letters a-z" in out.getvalue()
    assert out.getvalue().count("Site: ") == 2


@pytest.mark.parametrize("typed", ["Phường Thủ Đứ\x1b[Dc", "Thủ\tĐức", "Th\x7fủ Đức", "Th\ufffd Đức"])
async def test_a_key_that_is_no_letter_goes_into_no_name(typed: str) -> None:
    """`Phường Thủ Đứ←c` became the site `phuong-thu-du-dc`."""
    one, out = terminal(typed, "Phường Thủ Đức")
    assert await one.ask("Ward", str) == "Phường Thủ Đức"
    assert "an arrow or another special key went into it; type it anew" in out.getvalue()


async def test_enter_takes_the_default_and_a_composed_letter_is_one() -> None:
    one, out = terminal("", "Qu\u00e2\u0300y 1")
    assert await one.ask("Site", rule(Agent, "site"), "x") == "x"
    assert "Site [x]: " in out.getvalue()
    assert await one.ask("Counter", rule(Counter, "name")) == "Quầy 1"


@pytest.mark.parametrize(("typed", "said"), [("", True), ("n", False), ("Có", True), ("không", False), ("maybe", True)])
async def test_yes_or_no_in_both_languages(typed: str, said: bool) -> None:
    one, _ = terminal(typed, "y")
    assert await one.confirm("Write", default=True) is said


async def test_one_of_several() -> None:
    one, out = terminal("4", "2")
    assert await one.choose("Which", ["a", "b", "c"]) == 1
    assert "a number from 1 to 3" in out.getvalue()
    assert await one.choose("Which", ["only"]) == 0


async def test_nobody_there_takes_defaults_and_names_the_option_where_there_is_none() -> None:
    out = io.StringIO()
    one = Terminal(None, out)
    assert await one.ask("Site", rule(Agent, "site"), "x") == "x"
    assert await one.choose("Which", ["a", "b"], 1) == 1
    with pytest.raises(Unanswered, match="--site"):
        await one.ask("Ward", str, option="--site")
    with pytest.raises(Unanswered, match="Vietnamese mobile"):
        await one.ask("Number", as_typed(Contact, "phone"), "12", option="--leader")


async def test_the_end_of_the_input_ends_the_question() -> None:
    one, _ = terminal()
    with pytest.raises(InputEnded):
        await one.ask("Site", str)


def test_progress_in_a_log_is_one_line_a_device() -> None:
    out = io.StringIO()
    one = Terminal(None, out)
    for said in ("… a: modem", "… a: printer", "… b: modem"):
        one.progress(said)
    one.tell("done")
    assert out.getvalue().splitlines() == ["… a: modem", "… b: modem", "done"]


def test_long_lines_are_broken_between_words_and_commands_never() -> None:
    out = io.StringIO()
    one = Terminal(None, out)
    one.tell("  - " + "word " * 30)
    one.tell_command("      motcua " + "x" * 120)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("    word")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (rule(Agent, "device"), "Tủ 1"), (rule(Scanner, "port"), "/dev/ttyUSB0"), (as_typed(Contact, "phone"), "0212345678"),
        (whole(1, 8), "9"), (whole(1, 8), "one"), (whole(1, 8), ""), (some_of(["01", "02"]), "1 3"), (rule(Counter, "name"), ""),
    ],
)  # fmt: skip
def test_what_the_configuration_would_refuse_is_refused(check: object, text: str) -> None:
    assert callable(check)
    with pytest.raises(ValueError, match=r"."):
        check(text)


def test_a_field_without_rules_of_its_own_takes_its_kind() -> None:
    """Whoever let other machines open the pages got a traceback in place of the question for this one's address."""
    assert rule(Web, "host")("192.168.1.20") == "192.168.1.20"


def test_numbers_of_doors_as_people_write_them() -> None:
    assert some_of(["01", "02", "10"])("1, 10 ") == ["01", "10"]
    assert some_of(["01"])("") == []


@pytest.mark.parametrize(
    ("text", "is_one"), [("phuong-mau", True), ("0900 000 002", True), ("0912345678", False), (None, False)]
)
def test_examples_do_not_go_live(text: str | None, is_one: bool) -> None:
    assert is_example(text) is is_one
