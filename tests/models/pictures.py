"""Photographs and films of the model set as arrays, for tests."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from models.pipeline import RgbImage
from models.score import video_frames


def photograph(path: Path) -> RgbImage:
    """Red first."""
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imread(str(path))), cv2.COLOR_BGR2RGB), np.uint8)


def film(path: Path, length: int = 30) -> list[tuple[int, RgbImage]]:
    """Milliseconds and frames, red first."""
    return [(round(t_s * 1000), np.ascontiguousarray(rgb)) for t_s, rgb in islice(video_frames(path), length)]


def tilted(picture: RgbImage, degrees: float) -> RgbImage:
    """Turned about its middle."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
