"""The table of sentences on noise: kept current with the templates, refused when damaged, not believed of another model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import ParametersUnusable
from models.faint_noise import TEMPLATES, load_noise, write_noise
from models.intent import load_phrases


def test_the_table_has_nearly_every_sentence_of_the_templates() -> None:
    """What is missing is measured by each worker anew; run scripts/noise_table when this fails."""
    sentences, measured = load_phrases(TEMPLATES).sentences, load_noise()
    assert sum(sentence not in measured for sentence in sentences) <= len(sentences) // 20


def test_what_is_written_is_read(tmp_path: Path) -> None:
    measured = {"lấy số, rồi sao": -12.25, "khai sinh": -7.0}
    write_noise(tmp_path / "noise.csv", measured)
    assert load_noise(tmp_path / "noise.csv") == measured


@pytest.mark.parametrize("text", ["", "sentence,other\nmột,2\n", "sentence,log_probability\nmột,hai\n"])
def test_a_damaged_table_says_what_to_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "noise.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersUnusable, match="scripts/noise_table"):
        load_noise(path)


@pytest.mark.models
@pytest.mark.timeout(120)
def test_a_table_of_this_model_is_used_and_one_of_another_is_not(model_file: Callable[[str], Path]) -> None:
    from models.whisper import ClosedSetWhisper  # noqa: PLC0415 - heavy

    for name in ("config.json", "vocabulary.txt", "tokenizer.json"):
        model_file(f"whisper-hall/{name}")
    directory = model_file("whisper-hall/model.bin").parent
    some = dict(list(load_noise().items())[:40])
    others = {sentence: total - 10 for sentence, total in some.items()}
    assert ClosedSetWhisper(directory, noise=some).warm(tuple(some), 0.0) is False
    assert ClosedSetWhisper(directory, noise=others).warm(tuple(some), 0.0) is True
