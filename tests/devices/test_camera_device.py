"""Opening live cameras: what is dialled, what is said, and that a password is never said."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.camera.device import LiveSource, open_usb, with_credentials, without_credentials
from devices.camera.open import open_source
from devices.camera.source import CameraLost, FrameCorrupt


class FakeCapture:
    """What cv2.VideoCapture does, as far as we use it."""

    def __init__(self, *, is_opened: bool = True) -> None:
        self.is_open = is_opened
        self.grabs = [True]
        self.picture: object = (True, np.zeros((48, 64, 3), np.uint8))

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.is_open

    def grab(self) -> bool:
        return self.grabs.pop(0) if self.grabs else False

    def retrieve(self) -> object:
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture

    def release(self) -> None:
        self.is_open = False


def live(capture: FakeCapture) -> LiveSource:
    return LiveSource(capture, "camera")  # type: ignore[arg-type]  # same methods


def test_a_camera_that_does_not_open_is_lost() -> None:
    with pytest.raises(CameraLost, match="camera cannot be opened"):
        live(FakeCapture(is_opened=False))


def test_a_camera_that_delivers_no_more_is_lost_and_released() -> None:
    capture = FakeCapture()
    with live(capture) as source:
        source.grab()
        with pytest.raises(CameraLost):
            source.grab()
    assert not capture.is_open


@pytest.mark.parametrize("picture", [(False, None), (True, None), cv2.error("broken")])
def test_a_frame_that_does_not_decode_is_corrupt(picture: object) -> None:
    capture = FakeCapture()
    capture.picture = picture
    source = live(capture)
    source.grab()
    with pytest.raises(FrameCorrupt):
        source.retrieve()


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraLost, match=r"/dev/video97 is not there"):
        open_usb("97", 640, 480, 10.0)
    with pytest.raises(CameraLost, match=r"/dev/v4l/by-id/usb-none-index0"):
        open_source("/dev/v4l/by-id/usb-none-index0")


def test_credentials_come_from_the_file_and_are_quoted(tmp_path: Path) -> None:
    secret = tmp_path / "camera.txt"
    secret.write_text("viewer:p@ss/w:rd\n")
    dialled = with_credentials("rtsp://10.0.0.9:554/ch1?sub=1", secret)
    assert dialled == "rtsp://viewer:p%40ss%2Fw%3Ard@10.0.0.9:554/ch1?sub=1"


def test_what_is_said_of_a_network_camera_holds_no_password() -> None:
    assert without_credentials("rtsp://viewer:p@ss@10.0.0.9/ch1?token=abc") == "rtsp://10.0.0.9/ch1"


def test_a_missing_credentials_file_is_named_and_nothing_is_dialled(tmp_path: Path) -> None:
    with pytest.raises(CameraLost, match=r"nobody\.txt cannot be read"):
        with_credentials("rtsp://10.0.0.9/ch1", tmp_path / "nobody.txt")
