"""Whether somebody stands before the guide: a face that is large enough, for long enough. Pure; the guide's camera worker asks.

It knows sizes only, never who somebody is.
"""

from dataclasses import dataclass

_LAPSE_S = 0.8  # a face that was not found in a frame or two was there all the same
_STAYS = 0.75  # of `near`: whoever leans back has not left


@dataclass(frozen=True, slots=True)
class NearRules:
    """`near`: a face's width as a share of the picture's. `come_s` before it counts, `gone_s` after it was seen last."""

    near: float = 0.09
    come_s: float = 0.7
    gone_s: float = 2.5


class Nearness:
    """One camera; `see` every frame in the order of their time."""

    def __init__(self, rules: NearRules) -> None:
        self._rules = rules
        self._since_s: float | None = None
        self._last_s = 0.0
        self.is_near = False

    @property
    def is_noticed(self) -> bool:
        """Whether somebody is near, or may turn out to be."""
        return self._since_s is not None

    def see(self, width: float, t_s: float) -> bool:
        """Whether somebody is near now; `width` is the largest face's, 0 without one."""
        if width >= self._rules.near * (_STAYS if self.is_near else 1.0):
            self._since_s = t_s if self._since_s is None else self._since_s
            self._last_s = t_s
            self.is_near = self.is_near or t_s - self._since_s >= self._rules.come_s
        elif t_s - self._last_s > (self._rules.gone_s if self.is_near else _LAPSE_S):
            self._since_s, self.is_near = None, False
        return self.is_near
