"""From the text of a configuration to an open camera: one place that knows which kind a `source` names.

Imports OpenCV through the kinds; only the process that owns the camera may import it.
"""

from pathlib import Path

from devices.camera.device import open_rtsp, open_usb
from devices.camera.jpegs import JpegSource
from devices.camera.replay import open_replay
from devices.camera.source import FrameSource

_REPLAY = "replay:"
_NETWORK = ("rtsp://", "rtsps://")


def open_source(
    source: str,
    fps: float = 10.0,
    credentials_file: Path | None = None,
    *,
    width: int = 640,
    height: int = 480,
    since_ns: int | None = None,
) -> FrameSource:
    """Open `0`, `/dev/v4l/by-id/...`, `rtsp://...`, `replay:FILE.toml` or `replay:CLIP` (also `.jpegs`); raises CameraLost."""
    if source.startswith(_REPLAY):
        target = Path(source.removeprefix(_REPLAY))
        return JpegSource(target) if target.suffix == ".jpegs" else open_replay(target, width, height, since_ns)
    if source.startswith(_NETWORK):
        return open_rtsp(source, credentials_file)
    return open_usb(source, width, height, fps)
