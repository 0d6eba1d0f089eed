"""Made-up faces for the pure parts: no picture, no network."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.geometry import CROP_PX
from models.movements import BLENDSHAPES
from models.pipeline import Box, FaceObservation, Pose


def blendshapes(**amounts: float) -> npt.NDArray[np.float32]:
    """52 zeros but for the movements named, both sides at once (browDown=.6)."""
    found = np.zeros(len(BLENDSHAPES), np.float32)
    for place, name in enumerate(BLENDSHAPES):
        found[place] = amounts.get(name.removesuffix("Left").removesuffix("Right"), amounts.get(name, 0.0))
    return found


def observation(**changes: object) -> FaceObservation:
    """A face that passes every gate, changed as asked."""
    good = FaceObservation(
        box=Box(100, 80, 120, 150),
        landmarks=np.zeros((478, 3), np.float32),
        blendshapes=blendshapes(),
        pose=Pose(0, 0, 0),
        sharpness=0.5,
        brightness=120.0,
        inside=1.0,
        crop=np.full((CROP_PX, CROP_PX), 120, np.uint8),
    )
    return replace(good, **changes)  # type: ignore[arg-type]
