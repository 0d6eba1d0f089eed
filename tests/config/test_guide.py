"""The guide's section: its profile loads, and mistakes name their place."""

from pathlib import Path

import pytest

from config.load import ConfigError, load

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "guide.toml"


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = PROFILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(file: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(file)
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


def test_the_profile_is_good() -> None:
    config = load(PROFILE)
    assert config.guide is not None
    assert config.queue is not None
    assert config.guide.help_counter == "quay-01"
    assert set(config.guide.places) == {"cong-an", "thue"}
    assert "khai-sinh" in config.queue.services["ho-tich"].procedures
    assert config.guide.voice.microphone is None


def test_a_whole_guide_is_good(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t", encoding="ascii")
    for name in ("said.wav", "seen.toml"):
        (tmp_path / name).write_bytes(b"")
    more = (
        '[guide.directory]\nurl = "https://mot-cua.example/api"\ntoken_file = "token"\n'
        '[guide.voice]\nmicrophone = "replay:said.wav"\nloudspeaker = "default"\n\n'
        '[guide.camera]\nsource = "replay:seen.toml"\n\n[guide.places.cong-an]'
    )
    config = load(written(tmp_path, ("[guide.places.cong-an]", more)))
    assert config.guide is not None
    assert config.guide.directory is not None
    assert config.guide.directory.token_file == tmp_path / "token"
    assert config.guide.voice.microphone == f"replay:{tmp_path / 'said.wav'}"
    assert config.guide.camera is not None
    assert (config.guide.camera.source, config.guide.camera.fps) == (f"replay:{tmp_path / 'seen.toml'}", 3.0)
    assert config.guide.camera.greet_by_name == "challenge"


@pytest.mark.parametrize(
    ("old", "new", "path", "why"),
    [
        ('help_counter = "quay-01"', 'help_counter = "quay-11"', "guide.help_counter", "is not defined"),
        ("idle_s = 45", "idel_s = 45", "guide.idel_s", "did you mean 'idle_s'"),
        ('link = "geo:10.8497,106.7717"', 'link = "javascript:alert(1)"', "guide.places.cong-an.link", "a link"),
        ('"chung-thuc-ban-sao"', '"khai-sinh"', "queue.services.chung-thuc.procedures.0", "is taken by service ho-tich"),
        ("[guide]", '[guide]\nhotline = "gọi"', "guide.hotline", "pattern"),
        (
            "[guide.places.thue]", '[guide.camera]\nsource = "0"\ngreet_by_name = "always"\n[guide.places.thue]',
            "guide.camera.greet_by_name", "'challenge', 'passive' or 'never'",
        ),
        ("[guide.places.thue]", '[guide.voice]\nmicrophone = "mic"\n[guide.places.thue]', "guide.voice.microphone", "alsa:"),
        (
            "[guide.places.thue]", '[guide.directory]\nurl = "http://x"\ntoken_file = "gone"\n[guide.places.thue]',
            "guide.directory.token_file", "cannot be read",
        ),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place(tmp_path: Path, old: str, new: str, path: str, why: str) -> None:
    assert why in mistakes(written(tmp_path, (old, new)))[path]


def test_a_guide_needs_a_queue(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "a"\ndevice = "b"\n[guide]\n', encoding="utf-8")
    assert "needs a section [queue]" in mistakes(file)["guide"]
