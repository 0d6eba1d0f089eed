"""A network camera spoken to for real: frames, login from a file, the stream cut and back, nothing said of the password."""

from functools import partial
from pathlib import Path

import pytest

from devices.camera.camera import Camera, Patience
from devices.camera.open import open_source
from devices.camera.source import CameraLost, CameraState
from tests.devices.rtsp_peer import film, network_camera

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(60)]
SECONDS = 30.0


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film"), SECONDS)


def test_frames_come_over_the_network(stream: bytes) -> None:
    with network_camera(stream, SECONDS) as peer, open_source(peer.address) as source:
        times = [source.grab() for _ in range(3)]
        assert source.retrieve().shape == (240, 320, 3)
    assert times == sorted(times)


def test_the_login_comes_from_the_file(stream: bytes, tmp_path: Path) -> None:
    secret = tmp_path / "camera.txt"
    secret.write_text("viewer:very secret\n", encoding="utf-8")
    with network_camera(stream, SECONDS, login="viewer:very secret") as peer:
        with open_source(peer.address, credentials_file=secret) as source:
            source.grab()
        with pytest.raises(CameraLost) as refused:
            open_source(peer.address)
    assert "secret" not in str(refused.value)
    assert not any("secret" in asked for asked in peer.asked)


def test_a_stream_that_is_cut_is_lost_and_comes_back(
    stream: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = tmp_path / "camera.txt"
    secret.write_text("viewer:very secret\n", encoding="utf-8")
    with network_camera(stream, SECONDS, login="viewer:very secret") as peer:
        opener = partial(open_source, peer.address, credentials_file=secret)
        with Camera(opener, patience=Patience(retry_s=0.1)) as camera:
            until(camera, CameraState.LIVE)
            peer.cut()
            until(camera, CameraState.LOST)
            until(camera, CameraState.LIVE)
    said = caplog.text + "".join(capfd.readouterr())
    assert "camera lost" in said
    assert "secret" not in said


def until(camera: Camera, state: CameraState) -> None:
    for _ in range(150):
        if camera.look(0.2).state is state:
            return
    raise AssertionError(f"never {state}, but {camera.look(0.2).state}")
