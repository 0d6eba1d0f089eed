"""A challenge: a few tasks drawn by chance, done one after the other in front of the camera. Pure.

A recorded clip fits one row of tasks out of 34 at enrolment, one or two of eight before a greeting; a picture neither blinks nor opens
its mouth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from models.liveness import Moment, off_plane


class Task(StrEnum):
    """What a person is asked to do; sides are the person's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK = "blink"
    OPEN_MOUTH = "open_mouth"


TURNS = (Task.TURN_LEFT, Task.TURN_RIGHT)
MOVEMENTS = (Task.BLINK, Task.OPEN_MOUTH)


class Stage(StrEnum):
    RESTING = "resting"  # looks into the camera, or is asked to
    ACTING = "acting"  # is asked for the task
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ChallengeRules:
    """`turn` degrees for a task; the other way so far is a wrong answer, too. `depth`: of a turn, in distances between the eyes."""

    tasks: int = 3
    within_s: float = 6.0
    turn: float = 18.0
    rest: float = 9.0
    mouth: float = 0.4
    closed: float = 0.5
    opened: float = 0.25
    depth: float = 0.025


@dataclass(frozen=True, slots=True)
class Challenge:
    """`rest` is the last straight look; the depth of each turn is measured against it."""

    tasks: tuple[Task, ...]
    since_s: float
    stage: Stage = Stage.RESTING
    done: int = 0
    rest: Moment | None = None

    @property
    def task(self) -> Task | None:
        """What is asked now; None when it is over."""
        return self.tasks[self.done] if self.done < len(self.tasks) else None


def draw(choose: Callable[[Sequence[Task]], Task], now_s: float, rules: ChallengeRules | None = None) -> Challenge:
    """Tasks by chance, no two alike in a row, at least one turn: of three tasks there are 34 such rows."""
    rules = rules or ChallengeRules()
    tasks: list[Task] = []
    while len(tasks) < rules.tasks:
        is_last = len(tasks) == rules.tasks - 1
        needs_turn = is_last and not any(one in TURNS for one in tasks)
        tasks.append(choose([one for one in (TURNS if needs_turn else Task) if not tasks or one is not tasks[-1]]))
    return Challenge(tuple(tasks), now_s)


def draw_short(choose: Callable[[Sequence[Task]], Task], now_s: float) -> Challenge:
    """A turn and a movement of the face in either order, for a greeting: a bent sheet cannot do the one, a clip does not know which."""
    pair = (choose(TURNS), choose(MOVEMENTS))
    return Challenge(pair if choose(pair) is pair[0] else pair[::-1], now_s)


def advance(now: Challenge, moment: Moment, rules: ChallengeRules | None = None) -> Challenge:
    """One frame further.

    RESTING  --looks straight, eyes open, mouth closed--> ACTING
    ACTING   --did the task, a turn with depth--> RESTING, or PASSED after the last
    ACTING   --another task's turn, or a turn without depth--> FAILED
    any      --`within_s` for this task is over--> FAILED; PASSED and FAILED stay
    """
    rules = rules or ChallengeRules()
    if now.stage in {Stage.PASSED, Stage.FAILED}:
        return now
    if moment.t_s - now.since_s > rules.within_s:
        return replace(now, stage=Stage.FAILED)
    if now.stage is Stage.RESTING:
        return replace(now, stage=Stage.ACTING, rest=moment) if _rests(moment, rules) else now
    return _acted(now, moment, rules)


def _acted(now: Challenge, moment: Moment, rules: ChallengeRules) -> Challenge:
    turned = _way(moment, rules)
    if turned is not None and (turned is not now.task or not _has_depth(now, moment, rules)):
        return replace(now, stage=Stage.FAILED)
    is_done = {
        Task.BLINK: moment.eyes_closed >= rules.closed,
        Task.OPEN_MOUTH: moment.mouth_open >= rules.mouth,
    }.get(now.task or Task.BLINK, turned is not None)
    if not is_done:
        return now
    done = now.done + 1
    stage = Stage.PASSED if done == len(now.tasks) else Stage.RESTING
    return replace(now, stage=stage, done=done, since_s=moment.t_s)


def _rests(moment: Moment, rules: ChallengeRules) -> bool:
    is_straight = abs(moment.yaw) <= rules.rest
    return is_straight and moment.eyes_closed <= rules.opened and moment.mouth_open < rules.mouth / 2


def _way(moment: Moment, rules: ChallengeRules) -> Task | None:
    if abs(moment.yaw) < rules.turn:
        return None
    return Task.TURN_LEFT if moment.yaw > 0 else Task.TURN_RIGHT


def _has_depth(now: Challenge, moment: Moment, rules: ChallengeRules) -> bool:
    return now.rest is not None and off_plane(now.rest.points, moment.points) >= rules.depth
