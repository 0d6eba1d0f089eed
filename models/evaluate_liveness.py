"""What the liveness check says of the attacks of models.attacks and of real clips: APCER and BPCER of exactly these.

`motcua bench faces` calls it. ISO/IEC 30107-3 words: APCER, the share of attack presentations taken for a living face;
BPCER, the share of living faces not taken for one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from models.attacks import FPS, REPLAYS, Attack, frames_of
from models.evaluate_challenge import FilmShare, film_share
from models.landmarker import Landmarker
from models.liveness import Moment, Verdict, judge_clip, moment_of
from models.picture import load_picture
from models.pipeline import RgbImage
from models.score import is_video, video_frames

WINDOW_S = 5.0
REAL = "real"


@dataclass(frozen=True, slots=True)
class Presented:
    """One presentation: which attack (or REAL), of whom, what was said, and what a challenge would have come to."""

    kind: str
    source: str
    verdict: Verdict
    blinks: int
    stir: float
    narrowing: float
    challenge: FilmShare


def evaluate_liveness(
    files: Sequence[Path], landmarker: Path, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> list[Presented]:
    """Every clip and photograph as an attack of each kind, and every clip as it is, in windows of five seconds."""
    found = []
    for done, file in enumerate(files):
        progress(done, len(files))
        if is_video(file):
            clip = list(_sampled(video_frames(file)))
            found += [_presented(REAL, file, window, landmarker) for window in _windows(clip)]
            pictures = [frame for _, frame in clip[: round(WINDOW_S * FPS)]]
            found += [_attack(kind, file, pictures, landmarker) for kind in sorted(REPLAYS)]
            still = pictures[:1]
        else:
            still = [load_picture(file).rgb]
        found += [_attack(kind, file, still, landmarker) for kind in Attack if kind not in REPLAYS]
    progress(len(files), len(files))
    return found


def named(found: Iterable[Presented]) -> dict[str, Mapping[str, float]]:
    """By kind, the mean share that would be called by name: without a challenge, with one, and with one and a choice of scenes.

    A clip as it is stands for a film on a screen that nothing gives away.
    """
    kinds: dict[str, list[Presented]] = {}
    for one in found:
        kinds.setdefault(f"{REAL}, as a film" if one.kind == REAL else one.kind, []).append(one)
    return {kind: _named(those) for kind, those in kinds.items()}


def _named(those: Sequence[Presented]) -> dict[str, float]:
    """Whatever does not look alive is not asked."""
    alive = [one.challenge for one in those if one.verdict is Verdict.LIVE]
    shares = {"of": len(those), "passive": len(alive) / len(those)}
    return shares | {
        "by_chance": sum(one.by_chance for one in alive) / len(those),
        "by_choice": sum(one.by_choice for one in alive) / len(those),
    }


def summary(found: Iterable[Presented]) -> dict[str, Mapping[str, int]]:
    """By kind: how many, and how many of each verdict."""
    kinds: dict[str, dict[str, int]] = {}
    for one in found:
        counts = kinds.setdefault(one.kind, {"of": 0, **dict.fromkeys(Verdict, 0)})
        counts["of"] += 1
        counts[one.verdict] += 1
    return {kind: dict(counts) for kind, counts in kinds.items()}


def _attack(kind: Attack, file: Path, pictures: Sequence[RgbImage], landmarker: Path) -> Presented:
    return _presented(kind.value, file, frames_of(kind, pictures, WINDOW_S), landmarker)


def _presented(kind: str, file: Path, frames: Iterable[tuple[float, RgbImage]], landmarker: Path) -> Presented:
    reader = Landmarker(landmarker, "video", max_faces=1)  # a fresh one: it remembers faces
    seen = ((t_s, reader.observe(frame, round(t_s * 1000))) for t_s, frame in frames)
    moments: list[Moment] = [moment_of(faces[0], t_s) for t_s, faces in seen if faces]
    report = judge_clip(moments)
    return Presented(kind, file.name, report.verdict, report.blinks, report.stir, report.narrowing, film_share(moments))


def _sampled(frames: Iterable[tuple[float, RgbImage]]) -> Iterator[tuple[float, RgbImage]]:
    """About as many a second as the device's camera gives."""
    due_s = 0.0
    for t_s, frame in frames:
        if t_s >= due_s - 1e-6:
            yield t_s, frame
            due_s += 1 / FPS


def _windows(clip: Sequence[tuple[float, RgbImage]]) -> Iterator[Sequence[tuple[float, RgbImage]]]:
    """Whole windows; what is shorter than half a window at the end is left out."""
    size = round(WINDOW_S * FPS)
    for start in range(0, len(clip), size):
        window = list(islice(clip, start, start + size))
        if len(window) * 2 >= size or start == 0:
            yield window
