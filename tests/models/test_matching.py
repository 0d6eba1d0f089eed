"""The shipped thresholds are sound, and a spoilt file is refused."""

from pathlib import Path

import pytest

from models.embedding import MODEL
from models.errors import ParametersUnusable
from models.matching import FILE, load_matching


def test_the_shipped_thresholds_are_of_the_network_that_is_used() -> None:
    matching = load_matching()
    assert matching.model == MODEL
    assert matching.false_match_rate == 0.001
    assert matching.threshold in {one.threshold for one in matching.points}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text.replace("model", "modell"),
        lambda text: text.replace("false_match_rate = 0.001", "false_match_rate = 0.002", 1),
        lambda text: text.replace("threshold = 0.", "threshold = -0.", 1).replace("[[point]]", "[[pint]]"),
    ],
)
def test_a_spoilt_table_is_refused(tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "faces.toml"
    file.write_text(spoil(FILE.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(ParametersUnusable, match=r"faces\.toml"):
        load_matching(file)


def test_thresholds_that_fall_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "faces.toml"
    points = "".join(
        f"[[point]]\nfalse_match_rate = {rate}\nthreshold = {at}\n" for rate, at in ((0.01, 0.5), (0.001, 0.4))
    )
    file.write_text(f'model = "m"\nfalse_match_rate = 0.001\n{points}')
    with pytest.raises(ParametersUnusable, match="higher thresholds"):
        load_matching(file)
