"""What faint noise makes of the sentences that every site has: measured once, not by every worker while somebody waits.

`scripts/noise_table` writes `params/whisper_hall_noise.csv`; models.whisper reads it, and measures for itself what is not in it.
"""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

from models.errors import ParametersUnusable

FILE = Path(__file__).with_name("params") / "whisper_hall_noise.csv"
TEMPLATES = Path(__file__).parents[1] / "config" / "intents.vi.yaml"
_HEAD = ["sentence", "log_probability"]


def load_noise(path: Path = FILE) -> dict[str, float]:
    """Sentence to sum of log probabilities; raises ParametersUnusable."""
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ParametersUnusable(
            f"{path}: no table of sentences on noise ({error}); run scripts/noise_table"
        ) from error


def write_noise(path: Path, measured: Mapping[str, float]) -> None:
    """One line a sentence, in the order of the templates."""
    with path.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(_HEAD)
        rows.writerows((sentence, f"{total:.2f}") for sentence, total in measured.items())


def _parsed(text: str) -> dict[str, float]:
    head, *rows = csv.reader(text.splitlines())
    if head != _HEAD:
        raise ValueError(f"the first line is not {','.join(_HEAD)}")
    return {sentence: float(total) for sentence, total in rows}


def _main() -> None:
    """Measure every sentence of the templates with the pulled model."""
    from models.fetch import default_directory, locate  # noqa: PLC0415 - only here
    from models.intent import load_phrases  # noqa: PLC0415 - same
    from models.whisper import ClosedSetWhisper  # noqa: PLC0415 - heavy, and it reads this module

    directory = locate("whisper-hall/model.bin", default_directory()).parent
    measured = ClosedSetWhisper(directory, noise={}).on_noise(load_phrases(TEMPLATES).sentences)
    write_noise(FILE, measured)
    sys.stdout.write(f"{FILE}: {len(measured)} sentences\n")


if __name__ == "__main__":
    _main()
