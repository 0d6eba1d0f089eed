"""The benchmark's rows: budgets on everybody and on the worst group, what is shown of liveness, the picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bench import faces as bench
from models.evaluate_faces import draw_roc, report_of
from models.face_rates import Comparisons


def group(seed: int, alike: float, persons: int = 60) -> Comparisons:
    chance = np.random.default_rng(seed)
    genuine = chance.normal(alike, 0.08, persons * 4)
    return Comparisons(genuine, np.repeat(np.arange(persons), 4), np.sort(chance.normal(0.0, 0.1, 20_000)))


def halves(alike: float) -> tuple[dict[str, Comparisons], dict[str, Comparisons]]:
    return (
        {"all": group(1, 0.7), "easy": group(2, 0.7), "hard": group(3, 0.6)},
        {"all": group(4, 0.7), "easy": group(5, 0.7), "hard": group(6, alike)},
    )


@pytest.mark.parametrize(("alike", "all_held"), [(0.5, True), (0.35, False)])
def test_the_worst_group_decides(alike: float, all_held: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choosing, reporting = halves(alike)

    def evaluated(*_: object, **__: object) -> dict[str, Any]:
        return report_of(choosing, reporting) | {"cpu_ms": {"detect": 1.0, "embed": 2.0}, "wall_ms": 3.0, "no_face": 0}

    monkeypatch.setattr(bench, "evaluate_faces", evaluated)
    nothing = Path()
    result = bench.run(
        nothing, nothing, tmp_path, landmarker=nothing, network=nothing, attacked=(), progress=lambda *_: None
    )  # fmt: skip
    rows = {(row["what"], row["of_whom"]): row for row in result["rows"]}
    assert result["all_held"] is all_held
    assert rows["true match", "hard"]["budget"] == 0.95
    assert rows["true match", "hard"]["held"] is all_held
    assert rows["true match", "easy"]["held"] is None
    assert (
        rows["true match", "hard"]["low"] <= rows["true match", "hard"]["value"] <= rows["true match", "hard"]["high"]
    )
    assert rows["false match", "all"]["of"] == 20_000
    assert bench.worst_group(result["report"]) == "hard"


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    _, reporting = halves(0.6)
    draw_roc(reporting, 0.36, tmp_path / "faces.png")
    assert (tmp_path / "faces.png").read_bytes().startswith(b"\x89PNG")


def test_shares_of_attacks_and_of_living_faces() -> None:
    rows = bench._liveness(
        {
            "real": {"of": 4, "live": 3, "unsure": 1, "flat": 0},
            "print_moved": {"of": 5, "live": 1, "unsure": 2, "flat": 2},
        }
    )
    assert [(row["what"], row["of_whom"], row["value"], row["of"]) for row in rows] == [
        ("BPCER", "real", 0.25, 4),
        ("APCER", "print_moved", 0.2, 5),
    ]


def test_what_an_attack_is_worth_where_names_are_said() -> None:
    """The rows of a film that looks alive; of a print that does not there is nothing to say."""
    rows = bench._named(
        {
            "replay_still": {"of": 3, "passive": 1.0, "by_chance": 0.125, "by_choice": 0.5},
            "print_still": {"of": 7, "passive": 0.0, "by_chance": 0.0, "by_choice": 0.0},
        }
    )
    assert [(row["what"], row["value"]) for row in rows] == [
        ("called by name, passive", 1.0),
        ("called by name, challenge", 0.125),
        ("called by name, challenge, scenes chosen", 0.5),
    ]
