"""What is wrong with a file of spoken sentences is told at once, each with its place and the likely spelling."""

from pathlib import Path

from config.intents import DAYS, INTENTS, intent_mistakes
from models.intent import Day, Intent, unparsable

SEEDED = Path(__file__).parents[2] / "config" / "intents.vi.yaml"


def mistakes(folder: Path, text: str) -> list[str]:
    file = folder / "intents.vi.yaml"
    file.write_text(text, encoding="utf-8")
    return [str(one) for one in intent_mistakes(file, unparsable)]


def test_the_seeded_file_has_none() -> None:
    assert intent_mistakes(SEEDED, unparsable) == []


def test_the_names_are_those_that_can_be_understood() -> None:
    assert set(Intent) == INTENTS
    assert set(Day) == DAYS


def test_every_mistake_at_once(tmp_path: Path) -> None:
    wrong = """
language: vi
expansion_rules: {me: "(tôi|em)", one: "<two>", two: "một <one>"}
intents:
  progres: {data: [{sentences: [hồ sơ]}]}
  ticket: {data: [{sentenses: [lấy số]}]}
  hours: {data: [{sentences: ["{days} mở cửa", "(mấy giờ", "<mee> hỏi giờ", "{day} {procedure}"]}]}
  yes: {data: [{sentences: [có]}]}
lists:
  day: {values: [{in: hôm nay, out: tooday}]}
  procedure: {values: [{in: "(khai sinh", out: khai-sinh}]}
"""
    found = mistakes(tmp_path, wrong)
    for start, end in {
        "intents.yes: write it in quotes": "YAML reads True",
        "intents.progres = 'progres'": "(did you mean 'progress'?)",
        "intents.ticket.data.0.sentences: is missing": "is missing",
        "intents.ticket.data.0.sentenses: unknown key": "(did you mean 'sentences'?)",
        "intents.hours.data.0.sentences.0 = {days}: is no list": "(did you mean 'day'?)",
        "intents.hours.data.0.sentences.1 = '(mấy giờ'": "from index 0",
        "intents.hours.data.0.sentences.2 = <mee>: is no rule": "(did you mean 'me'?)",
        "intents.hours.data.0.sentences.3": "a template has one at most",
        "lists.day.values.0.out = 'tooday'": "(did you mean 'today'?)",
        "lists.procedure.values.0.in = '(khai sinh'": "from index 0",
        "expansion_rules.one = '<two>'": "needs itself",
        "expansion_rules.two = 'một <one>'": "needs itself",
    }.items():
        assert [one for one in found if one.startswith(start) and one.endswith(end)], (start, found)
    assert len(found) == 12


def test_what_is_no_such_file(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "a: [b\n")[0].startswith("the file: is not valid YAML: ")
    assert "\n" not in mistakes(tmp_path, "a: [b\n")[0]
    assert mistakes(tmp_path, "- a\n") == ["the file: holds no sections; there must be language, intents and lists"]
    assert mistakes(tmp_path, "") == ["the file: holds no sections; there must be language, intents and lists"]
    (tmp_path / "other.yaml").write_bytes(b"\xff\xfe")
    assert str(intent_mistakes(tmp_path / "other.yaml", unparsable)[0]) == "the file: is not UTF-8 text"
    assert "cannot be read" in str(intent_mistakes(tmp_path / "none.yaml", unparsable)[0])


def test_shape_is_told_apart_from_templates(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "language: vi\nintents: {ticket: }\nlists: [1]\n")
    assert [one.partition(" ")[0].strip(":") for one in found] == ["intents.ticket", "lists"]
