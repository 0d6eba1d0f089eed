"""Greeting by name: what the officer's page asks of the desk, and what it shows of it; Chromium looks at it in tests/e2e."""

import asyncio
import json
from collections.abc import Callable

import pytest

from edge.domain.consent import Unfit
from edge.eye_ports import SittingTask
from edge.ports import CameraState
from edge.web.users import remove_user
from tests.edge.web.house import House, Sheet

GIVEN = {"face-name": "chị Mai", "face-agreed": "yes"}


async def until(fact: Callable[[], object]) -> None:
    while not fact():
        await asyncio.sleep(0.005)


def send(sheet: Sheet, **fields: str) -> None:
    """The form as a browser sends it."""
    (form,) = sheet.find("form", classes="desk-form")
    sheet.send(form, "submit", json.dumps(fields))


async def test_begin_needs_consent_and_a_name_to_be_greeted_by(house: House) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    for fields in ({"face-name": "chị Mai"}, {**GIVEN, "face-name": "0912345678"}, {**GIVEN, "face-name": ""}):
        send(sheet, **fields)
    send(sheet, **GIVEN)
    await until(lambda: house.centre.faces.asked)
    assert house.centre.faces.asked == [("begin", "chị Mai", "quay-01", "Để nhận ra ")]


async def test_the_notice_is_the_one_in_the_officers_language(house: House) -> None:
    sheet = await house.open("/khuon-mat", "quay-01", "en")
    send(sheet, **GIVEN)
    await until(lambda: house.centre.faces.asked)
    (asked,) = house.centre.faces.asked
    assert asked[3] == house.site.words("en")("faces.notice")[:11]


@pytest.mark.parametrize("why", list(Unfit))
async def test_every_refusal_has_its_words(house: House, why: Unfit) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    house.centre.faces.refuse(why)
    assert sheet.find("p", house.site.words("vi")(f"faces.unfit.{why}"), "faces-task")


@pytest.mark.parametrize("task", list(SittingTask))
async def test_every_task_has_its_words(house: House, task: SittingTask) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    house.centre.faces.ask(task, 1)
    assert sheet.find("p", house.site.words("vi")(f"faces.task.{task}"), "faces-task")


async def test_a_failure_says_that_nothing_was_kept(house: House) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    house.centre.faces.fail()
    assert sheet.find("p", house.site.words("vi")("page.faces.failed_how"), "how")


@pytest.mark.parametrize("state", [None, *(state for state in CameraState if state is not CameraState.LIVE)])
async def test_without_a_camera_nobody_begins_and_the_page_says_why(house: House, state: CameraState | None) -> None:
    house.centre.faces.camera_state = state
    sheet = await house.open("/khuon-mat", "quay-01")
    (start,) = sheet.find("button", house.site.words("vi")("page.faces.begin"))
    assert start.props.get("disabled")
    (said,) = sheet.find("p", classes="faces-camera")
    assert said._text


async def test_a_busy_camera_is_said(house: House) -> None:
    house.centre.faces.is_busy = True
    sheet = await house.open("/khuon-mat", "quay-01")
    send(sheet, **GIVEN)
    await until(lambda: sheet.find("p", house.site.words("vi")("page.faces.busy")))
    assert house.centre.faces.asked == []


async def test_who_was_enrolled_stands_in_the_list_at_once(house: House) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    await until(lambda: len(sheet.find("li", classes="faces-person")) == 3)
    send(sheet, **GIVEN)
    await until(lambda: house.centre.faces.asked)
    house.centre.faces.pass_()
    await until(lambda: len(sheet.find("li", classes="faces-person")) == 4)
    assert sheet.find("b", "chị Mai")


async def test_an_officer_who_was_removed_meanwhile_does_nothing(house: House) -> None:
    sheet = await house.open("/khuon-mat", "quay-01")
    remove_user(house.users_file, "quay-01")
    send(sheet, **GIVEN)
    await until(lambda: not house.centre.faces.callbacks)  # the page is left
    assert house.centre.faces.asked == []
