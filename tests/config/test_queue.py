"""The queue's section: good profiles load, mistakes name both sides."""

from datetime import date, time
from pathlib import Path

import pytest

from config.load import ConfigError, load
from edge.adapters.queue_setup import queue_setup
from edge.domain.opening import Span

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "queue.toml"
COUNTER_PROFILE = PROFILE.with_name("counter.toml")


def written(folder: Path, old: str = "", new: str = "") -> Path:
    text = PROFILE.read_text(encoding="utf-8")
    assert old in text
    file = folder / "motcua.toml"
    file.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return file


def mistakes(file: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(file)
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


def test_the_profile_becomes_a_desk_setup() -> None:
    config = load(PROFILE)
    assert config.queue is not None
    setup = queue_setup(config, config.queue)
    assert [(one.letter, one.name("en")) for one in setup.services.values()][:2] == [
        ("A", "Civil status"),
        ("B", "Certified copies"),
    ]
    assert setup.counters["quay-03"].number == 3
    assert setup.plan.services["ho-tich"].guess_s == 720.0
    assert setup.opening.spans(date(2026, 11, 28)) == (Span(time(7, 30), time(11, 30)),), "a Saturday"
    assert setup.opening.spans(date(2027, 2, 8)) == ()
    assert setup.opening.spans(date(2027, 1, 31)) == (Span(time(7, 30), time(11, 30)),), "a Sunday that is worked"


def test_a_counter_with_a_camera_needs_no_second_entry(tmp_path: Path) -> None:
    text = (
        COUNTER_PROFILE.read_text(encoding="utf-8")
        .split("[mqtt]")[0]
        .replace(', credentials_file = "secrets/camera-quay-02"', "")
    )
    file = tmp_path / "motcua.toml"
    file.write_text(
        text + '[queue.services.a]\nname = "Hộ tịch"\nletter = "A"\ncounters = ["quay-02"]\n', encoding="utf-8"
    )
    config = load(file)
    assert config.queue is not None
    (counter,) = queue_setup(config, config.queue).counters.values()
    assert (counter.name, counter.number) == ("Quầy 2", 2)


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ('["quay-01", "quay-02"]', '["quay-01", "quay-9"]', "queue.services.ho-tich.counters.1", "'quay-9': is not defined"),
        ('["quay-01", "quay-02"]', '["quay-1", "quay-02"]', "queue.services.ho-tich.counters.0", "mean 'quay-01'"),
        ('letter = "B"', 'letter = "A"', "queue.services.chung-thuc.letter", "'A' is the letter of service ho-tich"),
        ('letter = "B"', 'letter = "BB"', "queue.services.chung-thuc.letter", "pattern"),
        ("number = 2", "number = 1", "queue.services.ho-tich.counters.1", "has the number 1 of counter 'quay-01'"),
        ("minutes = 12", "minute = 12", "queue.services.ho-tich.minute", "did you mean 'minutes'"),
        ("minutes = 12", "minutes = 0", "queue.services.ho-tich.minutes", "greater than 0"),
        ('"07:30-11:30", "13:30-16:30"]\nsat', '"13:30-16:30", "07:30-11:30"]\nsat', "queue.hours.weekdays", "in order"),
        ('saturday = ["07:30-11:30"]', 'saturday = ["7h30"]', "queue.hours.saturday", "'7h30': write a span"),
        ('saturday = ["07:30-11:30"]', 'saturday = ["25:00-26:00"]', "queue.hours.saturday", "hour must be"),
        ('saturday = ["07:30-11:30"]', 'saturday = ["11:30-07:30"]', "queue.hours.saturday", "ends later"),
        ('saturday = ["07:30-11:30"]', "saturday = 5", "queue.hours.saturday", "valid tuple"),
        ("sunday = []", "sundays = []", "queue.hours.sundays", "did you mean 'sunday'"),
        ("last = 2027-02-11", "last = 2027-02-01", "queue.holidays.1", "first <= last"),
        ('counters = ["quay-04"]', "counters = []", "queue.services.dat-dai.counters", "at least 1"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place_and_the_other_side(tmp_path: Path, old: str, new: str, path: str, says: str) -> None:
    found = mistakes(written(tmp_path, old, new))
    assert list(found) == [path]
    assert says in found[path]


def test_a_counter_that_cannot_be_said_is_refused(tmp_path: Path) -> None:
    text = PROFILE.read_text(encoding="utf-8").replace("quay-04", "quay-dat").replace("number = 4", "")
    file = tmp_path / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    found = mistakes(file)
    assert "has no number to be called by" in found["queue.services.dat-dai.counters.0"]
    assert "is missing" in found["queue.counters.quay-dat.number"]


def test_a_queue_without_services_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "a"\ndevice = "b"\n[queue]\n', encoding="utf-8")
    assert mistakes(file) == {"queue.services": "queue.services: is missing"}
