"""Where USB cameras are found, by number or by stable name; opens none and needs no OpenCV."""

from pathlib import Path

from devices.camera.source import CameraLost

STABLE = Path("/dev/v4l/by-id")  # survives replugging and reordering


def device_path(source: str) -> Path:
    """The device that `0` or `/dev/v4l/by-id/...` names; raise CameraLost when it is not there."""
    path = Path(f"/dev/video{source}" if source.isdigit() else source)
    if not path.exists():
        raise CameraLost(f"{path} is not there")
    return path


def plugged_in() -> list[str]:
    """What may stand as `source`, stable names before numbers."""
    stable = sorted(str(path) for path in STABLE.glob("*-video-index0"))
    return stable or sorted(str(path) for path in Path("/dev").glob("video[0-9]*"))
