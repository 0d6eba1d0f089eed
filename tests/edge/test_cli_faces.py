"""`motcua faces` with the real networks on real photographs and clips, over a real journal."""

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge.cli import app
from models.attacks import FPS, SCENE_PX, Attack, frames_of
from models.matching import load_matching
from models.picture import load_picture

pytestmark = [pytest.mark.models, pytest.mark.timeout(180)]

Find = Callable[[str], Path]
NAME = "cô Bưởi Xanh"


def motcua(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["faces", *map(str, words)])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def frames(model_file: Find, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The man of one clip at three moments, the woman of the other at two: photographs in files."""
    folder = tmp_path_factory.mktemp("frames")
    for clip, name, numbers in (
        ("single_face.mp4", "man", (2, 30, 65)),
        ("WolfgangLanger_Pexels.mp4", "woman", (20, 440)),
    ):
        source = cv2.VideoCapture(str(model_file(clip)))
        for number in numbers:
            source.set(cv2.CAP_PROP_POS_FRAMES, number)
            there, frame = source.read()
            assert there
            cv2.imwrite(str(folder / f"{name}{number}.png"), frame)
        source.release()
    return folder


def enrolled(data: Path, *pictures: Path) -> str:
    result = motcua("enrol", *pictures, "--by", "quay-01", "--name", NAME, "--agreed", "--data", data, "--json")
    assert result.exit_code == 0, result.output
    return str(lines(result)[0]["person"])


def test_a_man_is_himself_in_other_frames_and_nobody_else(frames: Path, model_file: Find, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    rows = [("man2.png", "man30.png"), ("man2.png", "man65.png"), ("woman20.png", "woman440.png")]
    rows += [("man2.png", "woman20.png"), ("man65.png", "woman440.png")]
    with pairs.open("w", newline="") as file:
        csv.writer(file).writerows([("file_a", "file_b"), *rows])
    found = lines(motcua("compare", "--pairs", pairs, "--root", frames, "--json"))
    assert [(one["a"], one["b"]) for one in found] == rows
    assert [one["same"] for one in found] == [True, True, True, False, False]
    assert {one["threshold"] for one in found} == {load_matching().threshold}
    assert all((one["similarity"] >= one["threshold"]) is one["same"] for one in found)


def test_two_pictures_by_name(frames: Path, model_file: Find) -> None:
    one, other = frames / "man2.png", model_file("0-f1-su-ph.jpg")
    result = motcua("compare", one, other, "--json")
    assert result.exit_code == 0
    (found,) = lines(result)
    assert set(found) == {"a", "b", "same", "similarity", "threshold"}
    assert (found["a"], found["b"], found["same"]) == (str(one), str(other), False)


def test_a_file_without_a_face_spoils_no_other(frames: Path, tmp_path: Path) -> None:
    empty = frames / "wall.png"
    cv2.imwrite(str(empty), load_picture(frames / "man2.png").rgb[:40, :40])
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("file_a,file_b\nwall.png,man2.png\nmissing.png,man2.png\nman2.png,man30.png\n")
    result = motcua("compare", "--pairs", pairs, "--root", frames, "--json")
    assert result.exit_code == 1
    found = lines(result)
    assert [one["same"] for one in found] == [False, False, True]
    assert [one["similarity"] is None for one in found] == [True, True, False]
    assert "no face" in found[0]["error"]
    assert "no such file" in found[1]["error"]


def test_a_row_that_was_cut_short_spoils_no_other(frames: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("file_a,file_b\nman2.png\n,man2.png\nman2.png,man30.png\n")
    result = motcua("compare", "--pairs", pairs, "--root", frames, "--json")
    assert result.exit_code == 1
    first, second, whole = lines(result)
    assert (first["a"], first["error"]) == ("man2.png", "a row of the list: no file is named there")
    assert (second["b"], second["error"]) == ("man2.png", "a row of the list: no file is named there")
    assert whole["same"]


@pytest.mark.parametrize("words", [(), ("a.png",), ("a.png", "b.png", "--pairs", "x.csv")])
def test_compare_wants_two_pictures_or_a_list(words: tuple[str, ...]) -> None:
    assert motcua("compare", *words).exit_code == 2


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("hello\n")
    done = motcua("compare", "--pairs", tmp_path / "pairs.csv", "--json")
    assert (done.exit_code, "file_a and file_b" in lines(done)[0]["error"]) == (1, True)


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes("file_a,file_b\nvợ.png,chồng.png\n".encode("utf-16"))
    done = motcua("compare", "--pairs", tmp_path / "pairs.csv", "--json")
    assert (done.exit_code, lines(done)[0]["error"]) == (1, f"{tmp_path}/pairs.csv: is not UTF-8 text")


def test_enrol_identify_list_export_forget(frames: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    person = enrolled(data, frames / "man2.png", frames / "man30.png")
    known = lines(motcua("identify", frames / "man65.png", "--data", data, "--json"))[0]
    assert (known["outcome"], known["person"], known["name"]) == ("match", person, NAME)
    stranger = motcua("identify", frames / "woman440.png", "--data", data, "--json")
    assert stranger.exit_code == 1
    assert (lines(stranger)[0]["outcome"], lines(stranger)[0]["person"]) == ("nobody", None)

    (row,) = lines(motcua("list", "--data", data, "--json"))
    assert (row["person"], row["given_to"], row["why"], row["liveness"]) == (
        person,
        "quay-01",
        "greeting",
        "not_checked",
    )
    assert NAME not in json.dumps(row, ensure_ascii=False)
    assert not any(isinstance(value, list) for value in row.values())

    out = tmp_path / "mine.json"
    assert motcua("export", person, "--out", out, "--data", data).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert (kept["name"], len(kept["template"])) == (NAME, 128)

    assert motcua("forget", person, "--by", "quay-01", "--data", data).exit_code == 0
    assert lines(motcua("list", "--data", data, "--json")) == []
    assert motcua("identify", frames / "man65.png", "--data", data, "--json").exit_code == 1
    assert motcua("forget", person, "--by", "quay-01", "--data", data).exit_code == 1


@pytest.mark.parametrize(
    ("pictures", "why"),
    [
        (("multi_face.jpg",), "several_faces"),
        (("45-m7-di-ph.jpg",), "turned"),
        (("single_face.jpg", "0-f1-su-ph.jpg"), "not_one_person"),
    ],
)
def test_what_would_recognise_badly_is_refused_and_says_what_to_do(
    pictures: tuple[str, ...], why: str, model_file: Find, tmp_path: Path
) -> None:
    files = [model_file(one) for one in pictures]
    result = motcua("enrol", *files, "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path, "--json")
    assert result.exit_code == 1
    (found,) = lines(result)
    assert found["refused"] == why
    assert ";" in found["advice"]
    assert "nobody was enrolled" in result.stderr
    assert lines(motcua("list", "--data", tmp_path, "--json")) == []


def test_a_blurred_face_is_refused(frames: Path, tmp_path: Path) -> None:
    blurred = tmp_path / "blurred.png"
    cv2.imwrite(str(blurred), cv2.GaussianBlur(load_picture(frames / "man2.png").rgb, (0, 0), 8))
    result = motcua("enrol", blurred, "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path / "d", "--json")
    assert (result.exit_code, lines(result)[0]["refused"]) == (1, "blurred")


def test_nobody_is_enrolled_without_consent_or_under_a_number(frames: Path, tmp_path: Path) -> None:
    picture = frames / "man2.png"
    assert motcua("enrol", picture, "--by", "q", "--name", NAME, "--data", tmp_path, "--json").exit_code == 1
    refused = CliRunner().invoke(
        app, ["faces", "enrol", str(picture), "--by", "q", "--name", NAME, "--data", str(tmp_path)], input="n\n"
    )
    assert refused.exit_code == 1
    assert "đồng ý" in refused.output  # the notice was read out
    number = motcua("enrol", picture, "--by", "q", "--name", "0912345678", "--agreed", "--data", tmp_path)
    assert number.exit_code == 2
    assert "0912345678" not in number.output
    assert not (tmp_path / "journal.sqlite").exists()


def test_the_same_person_again_replaces_the_template(frames: Path, tmp_path: Path) -> None:
    person = enrolled(tmp_path, frames / "man2.png")
    again = ("enrol", frames / "man30.png", "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path, "--json")
    refused = motcua(*again)
    assert (lines(refused)[0]["refused"], lines(refused)[0]["person"]) == ("known_already", person)
    replaced = lines(motcua(*again, "--replaces", person))[0]["person"]
    assert [row["person"] for row in lines(motcua("list", "--data", tmp_path, "--json"))] == [replaced]


@pytest.fixture(scope="module")
def photo_clip(frames: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of a printed photograph of the man, moved about before the camera."""
    file = tmp_path_factory.mktemp("attack") / "print.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SCENE_PX)
    for _, rgb in frames_of(Attack.PRINT_MOVED, [load_picture(frames / "man2.png").rgb], 5.0):
        writer.write(np.ascontiguousarray(rgb[..., ::-1]))
    writer.release()
    return file


@pytest.mark.long
def test_a_clip_is_checked_for_life_when_enrolling_and_when_recognising(
    model_file: Find, photo_clip: Path, tmp_path: Path
) -> None:
    clip = model_file("single_face.mp4")
    result = motcua("enrol", clip, "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    person = lines(result)[0]
    assert (person["liveness"], person["pictures"]) == ("live", 5)

    himself = lines(motcua("identify", model_file("face_noface.mov"), "--data", tmp_path, "--json"))[0]
    assert (himself["outcome"], himself["person"], himself["liveness"]) == ("match", person["person"], "live")

    his_photo = motcua("identify", photo_clip, "--data", tmp_path, "--json")
    found = lines(his_photo)[0]
    assert (his_photo.exit_code, found["outcome"], found["person"]) == (1, "not_live", None)
    assert found["similarity"] > found["threshold"]  # it is his face all right


def test_nobody_is_enrolled_from_a_clip_of_a_photograph(photo_clip: Path, tmp_path: Path) -> None:
    result = motcua("enrol", photo_clip, "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path, "--json")
    assert (result.exit_code, lines(result)[0]["refused"]) == (1, "not_live")


def test_a_clip_with_nobody_in_it(model_file: Find, tmp_path: Path) -> None:
    result = motcua(
        "enrol", model_file("no_face.mp4"), "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path, "--json"
    )
    assert (result.exit_code, lines(result)[0]["refused"]) == (1, "no_face")


def test_a_photograph_held_before_the_camera_does_not_do_what_is_asked(
    photo_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The whole way: camera, networks, words, refusal."""
    result = motcua(
        "enrol",
        "--camera",
        f"replay:{photo_clip}",
        "--by",
        "q",
        "--name",
        NAME,
        "--agreed",
        "--data",
        tmp_path,
        "--json",
    )
    assert (result.exit_code, lines(result)[0]["refused"]) == (1, "not_live")
    assert "Mời nhìn thẳng vào camera" in capfd.readouterr().err


@pytest.mark.parametrize("words", [(), ("a.png", "--camera", "0")])
def test_enrol_wants_files_or_a_camera(words: tuple[str, ...], tmp_path: Path) -> None:
    assert motcua("enrol", *words, "--by", "q", "--name", NAME, "--agreed", "--data", tmp_path).exit_code == 2
