"""A file that is changed keeps every word that a person wrote in it, and always means exactly what was wanted."""

import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.setup.toml_text import NotKept, fresh_text, rewritten, split, without_examples

PROFILES = sorted((Path(__file__).parents[3] / "config" / "profiles").glob("*.toml"))
KEYS = st.text("abc-_é .\"'", min_size=1, max_size=4)
SCALARS = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.dates(min_value=date(1900, 1, 1))
    | st.times()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)  # fmt: skip
TABLES = st.dictionaries(KEYS, VALUES, max_size=5)
SITE = """\
# our cabinet

[agent]
site = "x"            # never change this
device = "tu-01"

# the boards were bought in 2024
[locker.boards.main]
port = "/dev/a"  # left socket
text = '''
[not.a.header]
'''
list = [
  1,  # one
  [2],
]

# [printer]
# port = "/dev/usb/lp0"

[[queue.holidays]]
name = "Tết"
first = 2027-02-05

[sms]
channel = "none"
# nobody is told
"""


def whole(text: str) -> str:
    return "".join(line + "\n" for piece in split(text) for line in piece.lines())


@pytest.mark.parametrize("text", [SITE, *(one.read_text(encoding="utf-8") for one in PROFILES)])
def test_a_file_taken_apart_is_the_same_file(text: str) -> None:
    assert whole(text) == text
    assert rewritten(text, tomllib.loads(text)) == text


@given(TABLES)
def test_a_table_that_is_written_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(fresh_text(table)) == table


@given(TABLES, TABLES)
def test_a_file_is_changed_into_any_other(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert tomllib.loads(rewritten(fresh_text(before), wanted)) == wanted


@given(st.sampled_from(PROFILES), st.data())
def test_a_profile_with_any_value_changed_keeps_its_other_lines(file: Path, data: st.DataObject) -> None:
    text = file.read_text(encoding="utf-8")
    wanted = tomllib.loads(text)
    names = [name for name, value in wanted.items() if isinstance(value, dict)]
    section = wanted[data.draw(st.sampled_from(names))]
    scalars = [name for name, value in section.items() if not isinstance(value, dict | list)]
    for name in data.draw(st.lists(st.sampled_from(scalars), unique=True)) if scalars else []:
        section[name] = data.draw(SCALARS)
    made = rewritten(text, wanted)
    assert tomllib.loads(made) == wanted
    gone = set(text.splitlines()) - set(made.splitlines())
    assert all(" = " in line for line in gone)


def test_a_value_is_changed_and_the_words_beside_it_stay() -> None:
    wanted = tomllib.loads(SITE)
    wanted["agent"]["site"] = "phuong-thu-duc"
    wanted["locker"]["boards"]["main"]["port"] = "/dev/serial/by-id/b"
    assert rewritten(SITE, wanted) == SITE.replace('"x"            #', '"phuong-thu-duc" #').replace(
        '"/dev/a"  #', '"/dev/serial/by-id/b" #'
    )


def test_sections_stand_beside_their_likes_and_go_with_their_comments() -> None:
    wanted = tomllib.loads(SITE)
    wanted["locker"]["boards"]["second"] = wanted["locker"]["boards"].pop("main") | {"port": "/dev/b"}
    wanted["printer"] = {"port": "/dev/usb/lp1"}
    del wanted["queue"]
    made = rewritten(SITE, wanted)
    assert tomllib.loads(made) == wanted
    assert "bought in 2024" not in made
    assert "never change this" in made
    assert made.index("[locker.boards.second]") > made.index("[agent]")


def test_a_list_of_sections_that_did_not_change_stays_word_for_word() -> None:
    wanted = tomllib.loads(SITE)
    wanted["queue"]["services"] = {"a": {"letter": "A"}}
    assert '[[queue.holidays]]\nname = "Tết"\nfirst = 2027-02-05\n' in rewritten(SITE, wanted)
    wanted["queue"]["holidays"].append({"name": "x", "first": date(2027, 1, 1)})
    made = rewritten(SITE, wanted)
    assert (made.count("[[queue.holidays]]"), tomllib.loads(made)) == (2, wanted)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("[a]\nb.c = 1\nb.d = 2\n", {"a": {"b": {"c": 1, "d": 3}}}),
        ("a = { b = { c = 1 } }\n", {"a": {"b": {"c": 2}, "e": 1}}),
        ("[a.b]\nc = 1\n", {"a": {"x": 1, "b": {"c": 1}}}),
        ("[a.b]\nc = 1\n", {"a": {"b": 5}}),
        ("[a]\nb = 5\n", {"a": {"b": {"c": {"d": 1}}}}),
        ("[[a]]\nx = 1\n[a.b]\ny = 2\n", {"a": [{"x": 1, "b": {"y": 2}}], "c": {}}),
        ("[[a]]\nx = 1\n[a.b]\ny = 2\n", {"a": [{"x": 2, "b": {"y": 2}}]}),
        ("\r\n[a]\r\nx = 1\r\n", {"a": {"x": 2}}),
        ("", {"a": {"x": 2}}),
    ],
)
def test_files_as_people_write_them(text: str, change: dict[str, Any]) -> None:
    wanted = deepcopy(change)
    try:
        made = rewritten(text, wanted)
    except NotKept:
        made = fresh_text(wanted)
    assert tomllib.loads(made) == change


def test_an_example_goes_when_the_real_section_comes() -> None:
    assert "# [printer]" not in without_examples(SITE, ["printer"])
    assert without_examples(SITE, ["scanner"]) == SITE
