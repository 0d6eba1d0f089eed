import re
from pathlib import Path

import pytest

from config.strings import LANGUAGES, StringsInvalid, StringTable, load_strings, placeholders
from edge.domain.command import CommandNote, CommandRefusal
from edge.services.station import BROKEN
from edge.store.outbox import Sending
from sync.city.faults import FaultKind
from sync.city.terms import Judgement
from sync.commands import CommandName
from sync.enrolment import Refusal
from sync.marks import ReceiptOutcome
from sync.renewal import Standing

ROOT = Path(__file__).parents[2]
ACCENTED = re.compile("[À-ỹĐđ]")
PREFIXES = {  # keys that the pages finish at run time, and the enums they finish them with
    "page.officer.phase_", "page.officer.note_", "page.officer.nudge_hint_", "page.leader.phase_", "page.tablet.sign_",
    "page.alert.state_", "page.alert.why_", "page.alert.sms_", "page.fault.", "page.advice.", "page.part.", "page.chart.",
    "page.home.", "page.login.", "page.refusal.", "page.locker.refusal.", "page.locker.why.", "page.locker.state.",
    "page.locker.step.", "page.locker.step_hint.", "page.locker.printed.", "page.locker.group.", "page.locker.door.",
    "page.locker.distrust.", "page.locker.staff.", "page.locker.trace.", "page.locker.trace_value.", "page.locker.event.", "page.locker.because.",
    "page.locker.desk_step.", "page.locker.size.", "page.locker.sms.", "page.queue.refused_", "page.queue.closed_",
    "page.queue.day_", "page.queue.now_", "page.queue.priority_", "page.queue.list_", "page.queue.empty_",
    "page.queue.call_label", "page.queue.gone", "page.number.for_", "page.report.", "page.number.printing_", "page.board.tile_",
    "page.guide.title_", "page.guide.menu_", "page.guide.ears_", "page.guide.key_", "page.guide.source_",
    "page.fleet.chain.", "page.fleet.advice.", "page.fleet.col_", "page.fleet.count_", "page.fleet.csv_", "page.fleet.order_",
    "page.fleet.sheet_", "page.fleet.state_", "page.fleet.station_", "page.fleet.sum_", "page.fleet.no_history", "page.fleet.none_put_away",
    "page.fleet.no_orders",
    "page.guide.paper_", "page.guide.looking", "page.guide.issuing", "page.guide.pleased", "page.guide.displeased",
    "page.hearing.state_", "page.hearing.verdict_", "page.hearing.why_", "page.hearing.kind_",
    "page.city.", "page.command.name.", "page.command.why.",
    "page.faces.step_",
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> StringTable:
    return load_strings()


def test_both_languages_have_the_same_keys(table: StringTable) -> None:
    assert table.languages == LANGUAGES
    assert table.keys("vi") == table.keys("en")


def test_both_languages_take_the_same_parameters(table: StringTable) -> None:
    differing = [
        key
        for key in table.keys("vi")
        if placeholders(table._tables["vi"][key]) != placeholders(table._tables["en"][key])
    ]
    assert differing == []


def test_no_sentence_is_left_in_the_other_language(table: StringTable) -> None:
    """A Vietnamese sentence of some length has accents, an English one has none outside quotation marks."""
    unaccented = {
        key for key in table.keys("vi") if key.startswith("sms.locker.")
    }  # on purpose: a message holds more letters
    texts = {lang: {key: _spoken(table._tables[lang][key]) for key in table.keys(lang)} for lang in LANGUAGES}
    plain = {key for key, text in texts["vi"].items() if len(text.split()) > 3 and not ACCENTED.search(text)}
    assert plain - unaccented == set()
    assert {key for key, text in texts["en"].items() if ACCENTED.search(text)} == {"page.faces.name", "page.home.title"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_button_is_called_holds_what_is_read_on_it(table: StringTable, lang: str) -> None:
    """Somebody who speaks to the machine says what they see. The map is no button."""
    texts = table._tables[lang]
    labels = {key: key.removesuffix("_label") for key in table.keys(lang) if key.endswith("_label")}
    pairs = [(key, base) for key, base in labels.items() if base in texts and key != "page.fleet.map_label"]
    assert len(pairs) > 5
    assert [key for key, base in pairs if texts[base].casefold() not in texts[key].casefold()] == []


def _spoken(text: str) -> str:
    """Without what is quoted and what is filled in."""
    return re.sub(r"“[^”]*”|\{[^}]*\}", "", text)


def test_every_key_the_pages_name_is_written(table: StringTable) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "edge" / "web").glob("*.py"))
    named = set(re.findall(r'"(page\.[a-z_]+\.[a-z_]+)"', source))
    assert named - table.keys("vi") == set()


def test_every_key_is_used(table: StringTable) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "edge" / "web").glob("*.py"))
    unused = {
        key
        for key in table.keys("vi")
        if key.startswith("page.") and key not in source and not any(key.startswith(prefix) for prefix in PREFIXES)
    }
    assert unused == set()


def test_every_refusal_of_the_city_says_what_to_do(table: StringTable) -> None:
    written = {key.removeprefix("enrol.refused.") for key in table.keys("vi") if key.startswith("enrol.refused.")}
    assert written == {*Refusal, "unknown"}


@pytest.mark.parametrize("room", ["page.locker.sms.", "page.alert.sms_"])
def test_whatever_became_of_an_sms_is_named(table: StringTable, room: str) -> None:
    assert {f"{room}{status}" for status in Sending} - table.keys("vi") == set()


def test_every_fault_of_a_chain_is_named_and_says_what_to_do(table: StringTable) -> None:
    named = {f"page.fleet.{room}.{kind}" for room in ("chain", "advice") for kind in FaultKind}
    assert named - table.keys("vi") == set()


def test_every_reason_to_put_a_message_aside_is_named(table: StringTable) -> None:
    """Bytes that are here already, that are early or ahead are never put aside."""
    whys = set(Judgement) - {Judgement.NEW, Judgement.DUPLICATE, Judgement.AHEAD, Judgement.EARLY}
    assert {f"page.fleet.chain.{why}" for why in whys} - table.keys("vi") == set()


def test_every_standing_but_the_good_one_is_a_fault_with_advice(table: StringTable) -> None:
    named = {f"page.{room}.{one}" for room in ("fault", "advice") for one in Standing if one is not Standing.GOOD}
    assert named - table.keys("vi") == set()


def test_every_refused_order_says_why_in_a_sentence(table: StringTable) -> None:
    written = {key.rsplit(".", 1)[1] for key in table.keys("vi") if key.startswith("page.command.why.")}
    assert written == {why.value for why in (*CommandRefusal, *CommandNote)}
    named = {key.rsplit(".", 1)[1] for key in table.keys("vi") if key.startswith("page.command.name.")}
    assert named == {name.value.replace(".", "_") for name in CommandName} | {"unknown"}


def test_a_fault_that_nothing_can_tell_has_no_sentence(table: StringTable) -> None:
    """And neither has a part that nothing can name."""
    files = [path for room in ("edge", "devices") for path in (ROOT / room).rglob("*.py")]
    own = [path for path in files if "edge/web" not in path.as_posix() or path.name == "faults.py"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in own)
    told = set(re.findall(r'"([a-z_]+)["/]', source)) | {state.value for state in BROKEN}
    told |= set(Standing)
    told |= {f"receipt_{outcome}" for outcome in ReceiptOutcome if outcome.is_contradiction}
    written = {key.rsplit(".", 1)[1] for key in table.keys("vi") if re.match(r"page\.(fault|advice|part)\.", key)}
    assert written - told - {"other"} == set()


def test_each_fault_has_its_advice(table: StringTable) -> None:
    faults, advice = (
        {key.removeprefix(room) for key in table.keys("vi") if key.startswith(room)}
        for room in ("page.fault.", "page.advice.")
    )
    assert faults == advice


def test_a_missing_sentence_shows_its_key_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    table = StringTable({"vi": {}, "en": {}})
    assert [table.text("a.b", "vi"), table.text("a.b", "en")] == ["a.b", "a.b"]
    assert len(caplog.records) == 1
    assert table.find("a.b", "vi") is None


def test_a_missing_translation_falls_back_to_vietnamese() -> None:
    assert StringTable({"vi": {"a": "một {n}"}, "en": {}}).text("a", "en", n=1) == "một 1"


@pytest.mark.parametrize("text", ["a = 3", "a = 'x {'", "a = ", "[a]\nb = ['x']"])
def test_a_broken_file_names_itself(tmp_path: Path, text: str) -> None:
    for lang in LANGUAGES:
        (tmp_path / f"strings.{lang}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StringsInvalid, match=r"strings\.vi\.toml"):
        load_strings(tmp_path)


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(StringsInvalid, match=r"strings\.vi\.toml"):
        load_strings(tmp_path)
