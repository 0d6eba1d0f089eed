"""Where USB cameras are found, by number or by stable name; opens none and needs no OpenCV."""

from dataclasses import dataclass
from pathlib import Path

from devices.camera.source import CameraLost

STABLE = Path("/dev/v4l/by-id")  # survives replugging and reordering
BY_PATH = Path("/dev/v4l/by-path")
KINDS = Path("/sys/class/video4linux")
_PICTURES = "*-video-index0"  # the node of a camera that gives pictures; others of it give metadata


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


@dataclass(frozen=True, slots=True)
class UsbCamera:
    """`source` goes into the configuration; it stays when the camera gets another number, unless `is_stable` is False."""

    source: str
    kind: str
    is_stable: bool = True


def usb_cameras(by_id: Path = STABLE, by_path: Path = BY_PATH, nodes: Path = Path("/dev"), kinds: Path = KINDS) -> tuple[UsbCamera, ...]:  # fmt: skip
    """Every node that may be a camera, by the name that stays.

    Of cameras that are sold without a serial number two have one by-id name, and it belongs to either: they go by their sockets.
    """
    ids, paths = _links(by_id), _links(by_path)
    devices = sorted({*ids, *paths}) or sorted(map(str, nodes.glob("video[0-9]*")))
    kind_of = {device: _kind(kinds / Path(device).name / "name") for device in devices}
    twins = {kind_of[device] for device in devices if device not in ids}
    found = []
    for device in devices:
        names = (
            (paths.get(device), ids.get(device)) if kind_of[device] in twins else (ids.get(device), paths.get(device))
        )
        name = names[0] or names[1]
        found.append(UsbCamera(name or device, kind_of[device], name is not None))
    return tuple(found)


def _links(folder: Path) -> dict[str, str]:
    return {str(link.resolve()): str(link) for link in sorted(folder.glob(_PICTURES))}


def _kind(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "camera"
