"""A camera: whether it can be opened, and whether what it shows can be read. Pictures stay in the child's memory."""

from pathlib import Path
from urllib.parse import urlsplit

from edge.adapters.camera_spec import CameraSpec
from edge.doctor.finding import Finding, broken, good, weak
from edge.doctor.holders import Person
from edge.doctor.ports import look_at_node
from edge.doctor.senses import CameraOrder, Pictures, SenseFailed, asked

DARK, BRIGHT, FLAT = (
    40.0,
    225.0,
    12.0,
)  # gray values 0..255; a face in a lit office is about 120, a lens cover spreads under 10
ENOUGH = 0.8  # of the frames that are wanted
LEAST_WIDTH = 480  # pixels: a citizen's face is a fifth of it
LIMIT_S = 25.0
PLUGGED_IN = "ls -l /dev/v4l/by-id"
_BAD = {  # by the states of `devices.camera.source`, which loads numpy
    "black": ("shows black pictures only", "take the lens cover off, and put the light on at the counter"),
    "frozen": ("the picture stands still", "unplug the camera and plug it in again; if it stays, replace it"),
    "corrupt": ("the picture is broken", "change the camera's cable or its port (USB, network)"),
}


def verdict_of_pictures(seen: Pictures, wanted_fps: float, source: str) -> Finding:
    """`wanted_fps`: as the configuration has it."""
    if seen.why is not None:
        return broken(seen.why, way_out(source))
    if not seen.frames:
        return broken("it opens, but gives no picture", f"unplug it and plug it in again. {way_out(source)}")
    found = f"{seen.width}x{seen.height} at {seen.rate:.1f} frames/s"
    if (bad := _BAD.get(seen.state)) is not None:
        return broken(f"{found}: {bad[0]}", bad[1])
    if (poor := _poor(seen, wanted_fps)) is not None:
        return weak(f"{found}, {poor[0]}", poor[1])
    return good(f"{found}, brightness fine")


def _poor(seen: Pictures, wanted_fps: float) -> tuple[str, str] | None:
    """What makes faces hard to read, and what to do."""
    if seen.mean < DARK:
        return f"too dark ({seen.mean:.0f} of 255)", "put more light on the citizen, or turn the camera from the window"
    if seen.mean > BRIGHT:
        return f"too bright ({seen.mean:.0f} of 255)", "turn the camera away from the window or the lamp"
    if seen.spread < FLAT:
        return "hardly any contrast", "clean the lens; see that nothing hangs before it"
    if seen.rate < ENOUGH * wanted_fps:
        return f"{wanted_fps:.0f} are wanted", "use a USB port of its own, no hub; more light makes a camera quicker"
    if seen.width < LEAST_WIDTH:
        return "a small picture", f"choose a stream of {LEAST_WIDTH} pixels and more"
    return None


def way_out(source: str) -> str:
    """What to do about a camera that cannot be opened."""
    if source.startswith("replay:"):
        return "correct the file's name behind replay:, or put a real camera there"
    if "://" in source:
        return f"see whether it is there: ping {urlsplit(source).hostname}; then its address, user and password"
    return f"plug it in, see its name: {PLUGGED_IN}; then correct `source` in the configuration"


async def look_through(source: str, fps: float, credentials: Path | None, who: Person) -> Finding:
    """Open it as the agent would."""
    if not source.startswith("replay:") and "://" not in source:
        device = Path(f"/dev/video{source}" if source.isdigit() else source)
        if (trouble := look_at_node(device, who, PLUGGED_IN)) is not None:
            return trouble
    spec = CameraSpec(camera=source, fps=fps, credentials_file=str(credentials) if credentials else None)
    try:
        seen = await asked(CameraOrder(spec), Pictures)
    except SenseFailed as error:
        return broken(str(error), way_out(source))
    return verdict_of_pictures(seen, fps, source)
