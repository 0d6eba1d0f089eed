"""A network camera of JPEG pictures: read where they are whole, a fault where they are not, never the picture before."""

from collections.abc import Callable
from functools import partial

import pytest

from devices.camera.camera import Camera, Patience
from devices.camera.device import JpegStream
from devices.camera.open import open_source
from devices.camera.source import CameraState
from tests.devices.rtp_jpeg_peer import SIZE, cut_short, garbled, jpeg_camera, whole
from tests.devices.test_camera_rtsp import until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(90)]


def test_pictures_are_decoded_here() -> None:
    with jpeg_camera() as peer, open_source(peer.address) as source:
        assert isinstance(source, JpegStream)
        source.grab()
        assert source.retrieve().shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize("damage", [cut_short, garbled])
def test_damaged_pictures_are_a_fault_and_not_filled_from_the_one_before(damage: Callable[[bytes], bytes]) -> None:
    with jpeg_camera() as peer, Camera(partial(open_source, peer.address), patience=Patience(retry_s=0.1)) as camera:
        until(camera, CameraState.LIVE)
        peer.damage = damage
        until(camera, CameraState.CORRUPT)
        assert all(camera.look(0.2).frame is None for _ in range(20))
        peer.damage = whole
        until(camera, CameraState.LIVE)
