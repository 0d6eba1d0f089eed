"""Second step: the encoder learns to see in a noisy hall what the published one sees in quiet, and the words that were said.

Runs in .venv-train (torch): python -m training.hearing.fit. scripts/train_hearing calls it. Two losses: the distance to what the
published encoder makes of the sound without noise, and the cross entropy of the words, by the decoder as published.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from tokenizers import Tokenizer
from torch import Tensor

from models.ct2_file import parse_ct2
from models.mel import RATE, Samples, log_mel
from training.hearing.hall import SPEEDS, Hall, at_speed
from training.hearing.network import Whisper
from training.hearing.recordings import Recording, load_recordings

RANK = 16
_RATE, _LEAST_RATE, _WARMING = 5e-4, 1.5e-5, 40  # of learning; steps
_BATCH = 4
_PEOPLE = 0.7  # share of the examples; the rest are machine voices, whose words teach nothing
_DISTANCE = 2.0  # weight of the distance beside the words
_WHOLE, _WHOLE_COLUMNS = 0.2, 1000  # share of examples with as much silence behind them as the agent leaves
_BEHIND_S = 0.5
_COLUMNS_PER_S = 100
_PROMPT = ("<|startoftranscript|>", "<|vi|>", "<|transcribe|>", "<|notimestamps|>")
_END = "<|endoftext|>"
_SLOW = 0.95  # of a running mean


@dataclass(slots=True)
class Lesson:
    """What is taught, and by whom."""

    pupil: Whisper
    teacher: Whisper
    tokenizer: Tokenizer
    people: Sequence[Recording]
    machine: Sequence[Samples]
    chance: np.random.Generator
    _hall: Hall = field(init=False)
    _seen: dict[tuple[int, bool, float, int], Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._hall = Hall([one.sound for one in self.people], self.machine)

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        """Of one example drawn by chance."""
        is_person = bool(self.chance.random() < _PEOPLE)
        place = int(self.chance.integers(len(self.people if is_person else self.machine)))
        speed = float(self.chance.choice(SPEEDS))
        sound = at_speed(self.people[place].sound if is_person else self.machine[place], speed)
        columns = self._columns(sound)
        wanted = self._taught((place, is_person, speed, columns), sound)
        seen = self.pupil.encode(_mel(self._hall.around(sound, self.chance), columns))
        spoken = min(len(sound) * _COLUMNS_PER_S // (2 * RATE) + _COLUMNS_PER_S // 4, seen.shape[1])
        distance = F.mse_loss(seen[0, :spoken], wanted[:spoken]) / wanted[:spoken].var()
        if not is_person:
            return _DISTANCE * distance, {"distance": distance.item()}
        words = self._words(seen, self.people[place].text)
        return _DISTANCE * distance + words, {"distance": distance.item(), "words": words.item()}

    def _columns(self, sound: Samples) -> int:
        if self.chance.random() < _WHOLE:
            return _WHOLE_COLUMNS
        return math.ceil(len(sound) / RATE + _BEHIND_S) * _COLUMNS_PER_S

    def _taught(self, key: tuple[int, bool, float, int], sound: Samples) -> Tensor:
        if key not in self._seen:
            with torch.no_grad():
                self._seen[key] = self.teacher.encode(_mel(sound, key[-1]))[0].half()
        return self._seen[key].float()

    def _words(self, seen: Tensor, text: str) -> Tensor:
        prompt = [self.tokenizer.token_to_id(word) for word in _PROMPT]
        tokens = [
            *prompt,
            *self.tokenizer.encode(f" {text}", add_special_tokens=False).ids,
            self.tokenizer.token_to_id(_END),
        ]
        logits = self.pupil.decode(seen, torch.tensor([tokens[:-1]]))[0, len(prompt) - 1 :]
        return F.cross_entropy(logits, torch.tensor(tokens[len(prompt) :]))


def teach(lesson: Lesson, examples: int) -> dict[str, float]:
    """Adam with a rate that rises and falls; returns the running means at the end."""
    learning = [one for one in lesson.pupil.parameters() if one.requires_grad]
    adam = torch.optim.AdamW(learning, lr=_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    steps, means, began_s = max(1, examples // _BATCH), dict[str, float](), time.monotonic()
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = _rate(step, steps)
        for _ in range(_BATCH):
            loss, figures = lesson.loss()
            (loss / _BATCH).backward()  # type: ignore[no-untyped-call]
            means |= {name: _SLOW * means.get(name, value) + (1 - _SLOW) * value for name, value in figures.items()}
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        adam.step()
        adam.zero_grad()
        _tell(step + 1, steps, means, time.monotonic() - began_s)
    return means


def main() -> None:
    """Write whisper_base_hall.npz and its training.json."""
    parser = argparse.ArgumentParser(prog="training.hearing.fit")
    parser.add_argument("--model", type=Path, required=True, help="the published model's folder")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    arrays = parse_ct2((options.model / "model.bin").read_bytes()).arrays
    people, machine = load_recordings(options.work)
    lesson = Lesson(
        Whisper(arrays, RANK), Whisper(arrays, 0), Tokenizer.from_file(str(options.model / "tokenizer.json")),
        people, machine, np.random.default_rng(options.seed),
    )  # fmt: skip
    means = teach(lesson, options.examples)
    options.out.mkdir(parents=True, exist_ok=True)
    thin = lesson.pupil.thin_matrices()
    np.savez_compressed(options.out / "whisper_base_hall.npz", **thin)  # type: ignore[arg-type]
    record = {
        "finished": datetime.now(UTC).isoformat(timespec="minutes"), "recordings": len(people), "machine_sentences": len(machine),
        "examples": options.examples, "seed": options.seed, "rank": RANK, "numbers": sum(one.size for one in thin.values()),
        "last_means": {name: round(value, 3) for name, value in means.items()},
    }  # fmt: skip
    (options.out / "whisper_base_hall.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _mel(sound: Samples, columns: int) -> Tensor:
    return torch.from_numpy(log_mel(sound, columns)[None])


def _rate(step: int, steps: int) -> float:
    falling = (1 + math.cos(math.pi * step / steps)) / 2
    return _LEAST_RATE + (_RATE - _LEAST_RATE) * falling * min(1.0, (step + 1) / _WARMING)


def _tell(step: int, steps: int, means: dict[str, float], took_s: float) -> None:
    left_min = took_s / step * (steps - step) / 60
    figures = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    sys.stderr.write(f"\r  {step}/{steps} steps, {figures}, {left_min:.0f} min left   ")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
