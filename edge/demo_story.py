"""The story a demo plays: who comes to which counter, on real photographs and clips, and what they press.

`edge.demo` writes it as playlists for the replayed cameras and follows the pages' desks to press at the right moment.
"""

from collections.abc import Callable
from pathlib import Path

from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.domain.level import Level
from edge.setup.toml_text import literal

SATISFIED = "single_face.mp4"  # a man, neutral, then smiling
CRYING = "WolfgangLanger_Pexels.mp4"  # a woman who cries, and laughs from about the 10th second on
TURNED = "45-m7-di-ph.jpg"  # turned away: nothing can be read
SMILING = "single_face.jpg"

FIRST, SECOND = "quay-01", "quay-02"
PAUSE_S = 3.0  # long enough for the counter to see that the citizen has left

_SHORT = {
    FIRST: (
        (None, 0.5),
        (SATISFIED, 6.0),
        (None, PAUSE_S),
        (TURNED, 3.0),
        (None, PAUSE_S),
        (SMILING, 3.0),
        (None, PAUSE_S),
    ),
    SECOND: ((None, 0.5), (CRYING, 6.0), (None, PAUSE_S), (CRYING, 6.5), (None, PAUSE_S)),
}
_LONG = {  # with time to look at the pages
    FIRST: ((None, 4.0), (SATISFIED, 15.0), (None, 6.0), (TURNED, 8.0), (None, 6.0), (SMILING, 10.0), (None, 6.0)),
    SECOND: ((None, 8.0), (CRYING, 9.0), (None, 6.0), (CRYING, 19.5), (None, 8.0)),
}

OPTS_OUT = (FIRST, 3)  # the third visitor of the first counter touches "Đừng đo tôi"
PRESSES = {  # what a visitor presses once the counter shows the side of the level
    (FIRST, 1): Level.SATISFIED,
    (SECOND, 2): Level.ANGRY,  # nobody mended it: she says so herself
}


def write_playlists(folder: Path, find: Callable[[str], Path], *, is_short: bool) -> dict[str, Path]:
    """One playlist a counter; `find` gives the path of a model file. The short one plays once, the long one loops."""
    files = {}
    for place, (counter, scenes) in enumerate((_SHORT if is_short else _LONG).items()):
        shows = tuple(Show(seconds=seconds, file=find(name) if name else None) for name, seconds in scenes)
        files[counter] = folder / f"camera-{counter}.toml"
        files[counter].write_text(playlist_toml(Playlist(shows, loop=not is_short, seed=place + 1)), encoding="utf-8")
    return files


def story_seconds() -> float:
    """How long the short story plays at most."""
    return max(sum(seconds for _, seconds in scenes) for scenes in _SHORT.values())


def config_text(folder: Path, playlists: dict[str, Path], models: Path, *, broker_port: int, web_port: int) -> str:
    """The demo centre's configuration file: two counters, three contacts, short waits."""
    counters = "\n".join(
        f'[counters.{counter}]\nname = "Quầy {place}"\nunit = "{unit}"\n'
        f"camera = {{ source = {literal(f'replay:{playlists[counter]}')}, fps = 10 }}\n"
        for place, (counter, unit) in enumerate(((FIRST, "ho-tich"), (SECOND, "dat-dai")), start=1)
        if counter in playlists
    )
    return f"""
[agent]
site = "trung-tam-mau"
device = "demo-01"
data_dir = {literal(str(folder / "data"))}
[centre]
name = "Trung tâm Phục vụ hành chính công (mô phỏng)"
leader = "lanh-dao"
{counters}
[units.ho-tich]
name = "Hộ tịch - Chứng thực"
head = "truong-ho-tich"
[units.dat-dai]
name = "Đất đai - Xây dựng"
head = "truong-dat-dai"
[contacts.lanh-dao]
phone = "0900000001"
role = "leader"
[contacts.truong-ho-tich]
phone = "0900000002"
role = "head"
[contacts.truong-dat-dai]
phone = "0900000003"
role = "head"
[visits]
settle_s = 0.6
gone_s = 1.5
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
version = "3.1.1"
[web]
port = {web_port}
users_file = {literal(str(folder / "users.toml"))}
[models]
directory = {literal(str(models))}
"""
