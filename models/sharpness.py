"""How sharp a crop is. Apart from geometry.py because it needs OpenCV, which the training environment has not; models.face calls it."""

import cv2
import numpy as np
import numpy.typing as npt


def sharpness_of(crop: npt.NDArray[np.uint8]) -> float:
    """Mean squared Laplacian of the crop by its variance: contrast drops out, so a dim sharp face stays sharp."""
    inside = slice(1, -1), slice(1, -1)
    laplacian = cv2.Laplacian(crop, cv2.CV_16S)[inside]  # at the edge it would see pixels that are made up
    spread = cv2.meanStdDev(crop[inside])[1].item()
    return float(cv2.norm(laplacian, cv2.NORM_L2SQR) / laplacian.size / (spread**2 + 25.0))
