"""What a film comes to before the challenge of a greeting: played as it is, and played by somebody who skips to the right place.

Pure, over the moments of one presentation; `models.evaluate_liveness` calls it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.challenge import MOVEMENTS, TURNS, Challenge, ChallengeRules, Stage, Task, advance
from models.liveness import Moment

STARTS = 10
ROWS = tuple(row for turn in TURNS for movement in MOVEMENTS for row in ((turn, movement), (movement, turn)))
"""What `models.challenge.draw_short` draws, each as likely as any other."""


@dataclass(frozen=True, slots=True)
class FilmShare:
    """Shares of challenges passed, 0..1. `by_chance`: over every row of tasks and `STARTS` places of a film that runs in a loop.

    `by_choice`: over every row, by an attacker without delay who shows whichever moment of the film he likes.
    """

    by_chance: float
    by_choice: float


def film_share(moments: Sequence[Moment]) -> FilmShare:
    """Of a film of at least one moment; nothing passes without one."""
    if not moments:
        return FilmShare(0.0, 0.0)
    starts = sorted({round(place * len(moments) / STARTS) % len(moments) for place in range(STARTS)})
    played = [_plays(moments, start, row) for row in ROWS for start in starts]
    chosen = [all(_holds(moments, task) for task in row) for row in ROWS]
    return FilmShare(sum(played) / len(played), sum(chosen) / len(chosen))


def _plays(moments: Sequence[Moment], start: int, row: Sequence[Task]) -> bool:
    film = _looped(moments, start)
    challenge = Challenge(tuple(row), next(film).t_s)
    for moment in film:
        challenge = advance(challenge, moment)
        if challenge.stage in {Stage.PASSED, Stage.FAILED}:
            break
    return challenge.stage is Stage.PASSED


def _looped(moments: Sequence[Moment], start: int) -> Iterator[Moment]:
    """For ever, from this place on; it ends with the challenge's patience."""
    first, last = moments[0].t_s, moments[-1].t_s
    period_s = last - first + 0.1
    turn = 0
    while True:
        for moment in moments[start if turn == 0 else 0 :]:
            yield replace(moment, t_s=moment.t_s + turn * period_s)
        turn += 1


def _holds(moments: Sequence[Moment], task: Task) -> bool:
    """Whether some moment, shown after the straightest one, is what this task asks for."""
    rules = ChallengeRules()
    rest = min(moments, key=lambda one: abs(one.yaw))
    asked = Challenge((task,), 0.0, Stage.ACTING, rest=rest)
    return abs(rest.yaw) <= rules.rest and any(
        advance(asked, replace(one, t_s=0.0)).stage is Stage.PASSED for one in moments
    )
