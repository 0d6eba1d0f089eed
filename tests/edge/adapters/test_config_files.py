"""A configuration and the files it names are judged together: every mistake of all of them, before anything starts."""

from pathlib import Path

import pytest

from config.load import ConfigError
from edge.adapters.config_files import load_whole
from tests.edge.command_line import motcua
from tests.edge.test_app_guide import site

VOICE = '\n[guide.voice]\nmicrophone = "alsa:default"\nintents_file = "said.yaml"\n'
PROCEDURE = (
    '[procedures.khai-sinh]\nsizes = "small"\nvi.name = "A"\nvi.papers = ["a"]\nen.name = "B"\nen.papers = ["b"]\n'
)


def all_wrong(folder: Path) -> Path:
    (folder / "said.yaml").write_text(
        "language: vi\nintents: {tickets: {data: []}}\nlists: {procedure: {values: []}}\n"
    )
    (folder / "papers.toml").write_text(PROCEDURE)
    return site(folder, VOICE, "idle_s = 45", 'procedures_file = "papers.toml"\nidle = 45')


def test_the_profile_is_whole(tmp_path: Path) -> None:
    assert load_whole(site(tmp_path)).guide is not None


def test_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_whole(all_wrong(tmp_path))
    lines = [line.removeprefix(f"{tmp_path}/") for line in caught.value.lines()]
    assert "motcua.toml: guide.idle: unknown key (did you mean 'idle_s'?)" in lines
    assert "papers.toml: procedures.khai-sinh.sizes: unknown key (did you mean 'size'?)" in lines
    assert any(line.startswith("said.yaml: intents.tickets") and "'ticket'?" in line for line in lines)


def test_a_service_with_a_procedure_that_nobody_wrote(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_whole(site(tmp_path, "", '"chung-thuc-chu-ky"', '"chung-thuc-chu-ki"'))
    (line,) = caught.value.lines()
    assert line.startswith(f"{tmp_path}/motcua.toml: queue.services.chung-thuc.procedures.1 = 'chung-thuc-chu-ki'")
    assert line.endswith("(did you mean 'chung-thuc-chu-ky'?)")


@pytest.mark.timeout(60)  # each starts the command line
@pytest.mark.parametrize("command", [("check",), ("run",), ("queue", "status")])
def test_nothing_starts_and_it_is_bad_usage(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = motcua(*command, "--config", all_wrong(tmp_path), json_lines=False)
    assert done.code == 2
    assert "said.yaml: intents.tickets" in done.err
    assert "papers.toml: procedures.khai-sinh.sizes" in done.err
    assert "Traceback" not in done.err


def test_a_file_that_cannot_be_opened_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_whole(site(tmp_path, VOICE))
    assert [one.path for one in caught.value.mistakes] == ["guide.voice.intents_file"]


def test_sentences_that_are_given_to_hear_are_judged_too(tmp_path: Path) -> None:
    all_wrong(tmp_path)
    done = motcua("hear", "none.wav", "--intents", tmp_path / "said.yaml")
    assert done.code == 2
    assert [one["path"] for one in done.lines[0]["mistakes"]] == ["intents.tickets", "intents.tickets.data"]
