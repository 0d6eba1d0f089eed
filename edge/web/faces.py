"""Greeting by name, for the officer who takes the consent: enrol before the guide's camera, who is enrolled, withdraw, hand out.

No picture and no number of a face is on this page or behind it. A chosen name is shown to the staff who look after it, nowhere else.
"""

import json
from collections.abc import Mapping
from functools import partial

from nicegui import ui

from edge.domain.consent import BadName, ChosenName
from edge.face_ports import Enrolled, EnrolmentStep, EnrolmentView, FaceDesk
from edge.ports import CameraState
from edge.web.auth import Session
from edge.web.faces_sitting import SittingPanel
from edge.web.frame import top_bar
from edge.web.live import Live
from edge.web.locker_staff import Dialog, field, form, reset, submit
from edge.web.parts import Text, block, button, focus, head, show
from edge.web.site import Site, Viewer

YES = "yes"


class FacesPage:
    """Consent, then the camera; the list beside it."""

    def __init__(self, site: Site, viewer: Viewer, desk: FaceDesk, session: Session) -> None:
        self._site, self._words, self._desk, self._session = site, viewer.words, desk, session
        self._step: EnrolmentStep | None = None
        words = self._words
        head(words, words("page.faces.title"))
        self._live = Live(site, viewer)
        with block("div", "fixed-screen"):
            top_bar(site, viewer, words("page.faces.title"), site.settings.centre)
            with block("main", "faces-desk"):
                with block("section", "panel faces-enrol", aria_live="polite"):
                    self._build_consent()
                    self._sitting = SittingPanel(words, self._cancel)
                with block("section", "panel faces-list"):
                    Text("h2", words("page.faces.list"))
                    self._count = Text("p", "", "how")
                    self._list = block("ul", "faces-people")
        self._dialog = Dialog(words)
        self._fresh = self._live.paced(self._refresh)
        self._show(desk.view())
        self._live.follow(desk.subscribe, self._show)
        self._live.at_connect(self._catch_up)

    # --- consent ---

    def _build_consent(self) -> None:
        words = self._words
        with block("div", "faces-consent") as self._consent:
            self._title = Text("h2", words("page.faces.read_out"))
            Text("blockquote", words("faces.notice"), "faces-notice")
            Text("p", words("page.faces.taken_by", name=self._session.user.name), "how")
            with form(self._begin) as self._form:
                field(words("page.faces.name"), "face-name", required="", spellcheck="false")
                with block("label", "desk-check", for_="face-agreed"):
                    block("input", "", type="checkbox", id="face-agreed", name="face-agreed", value=YES, required="")
                    Text("span", words("page.faces.agreed"))
                self._start = submit(words("page.faces.begin"))
            self._no_camera = Text("p", "", "faces-camera")

    async def _begin(self, fields: Mapping[str, str]) -> None:
        """Without the consent nothing is asked of the camera."""
        if fields.get("face-agreed") != YES:
            self._live.say("page.faces.no_consent")
            return
        try:
            name = ChosenName.parse(fields.get("face-name", ""))
        except BadName:
            self._live.say("page.faces.bad_name")
            return
        by, notice = self._session.user.name, self._words("faces.notice")
        answer = await self._live.ask(self._session.may_take_consent, lambda: self._desk.begin(name, by, notice))
        if answer is not None and answer.value:
            reset(self._form)
        elif answer is not None:
            self._live.say("page.faces.busy")

    async def _cancel(self) -> None:
        await self._live.act(self._session.may_take_consent, self._desk.cancel)

    # --- what there is ---

    def _catch_up(self) -> None:
        self._show(self._desk.view())
        self._fresh.ask()

    def _show(self, view: EnrolmentView) -> None:
        is_before_camera = view.step is not EnrolmentStep.IDLE
        show(self._consent, is_shown=not is_before_camera)
        self._sitting.show(view)
        self._show_camera()
        if view.step is not self._step:
            self._step = view.step
            focus(self._sitting.title if is_before_camera else self._title)
            if view.step is EnrolmentStep.ENROLLED:
                self._fresh.ask()

    def _show_camera(self) -> None:
        camera, words = self._desk.camera(), self._words
        is_live = camera is CameraState.LIVE
        self._start.props.set_bool("disabled", not is_live)
        show(self._no_camera, is_shown=not is_live)
        if camera is None:
            self._no_camera.say(words("page.faces.no_camera"))
        elif not is_live:
            self._no_camera.say(words.first(f"page.fault.{camera}", "page.faces.camera_opening"))

    async def _refresh(self) -> None:
        people = await self._desk.people()
        self._count.say(self._words("page.faces.count", n=len(people)) if people else self._words("page.faces.nobody"))
        self._list.clear()
        with self._list:
            for one in people:
                self._person(one)

    def _person(self, one: Enrolled) -> None:
        words, consent = self._words, one.consent
        with block("li", "faces-person"):
            with block("div", "faces-who"):
                Text("b", one.name.reveal())
                since = f"{consent.given_at:%d/%m/%Y}"
                Text("span", words("page.faces.since", date=since, by=consent.given_to), "how")
                Text("span", words("page.faces.used", date=f"{one.used_at:%d/%m/%Y}"), "how")
            for key, ask in (("export", self._ask_export), ("withdraw", self._ask_withdraw)):
                made = button(words(f"page.faces.{key}"), partial(ask, one), "plain")
                made.props["aria-label"] = f"{words(f'page.faces.{key}')}: {one.name.reveal()}"

    # --- withdraw, hand out ---

    def _ask_withdraw(self, one: Enrolled) -> None:
        words = self._words
        self._dialog.confirm(
            words("page.faces.withdraw_title", name=one.name.reveal()), words("page.faces.withdraw_how"),
            words("page.faces.withdraw_yes"), lambda: self._withdraw(one.person),
        )  # fmt: skip

    async def _withdraw(self, person: str) -> None:
        by = self._session.user.name
        if await self._live.act(self._session.may_take_consent, lambda: self._desk.forget(person, by)):
            self._live.say("faces.withdrawn")
            self._fresh.ask()

    def _ask_export(self, one: Enrolled) -> None:
        words = self._words
        self._dialog.confirm(
            words("page.faces.export_title", name=one.name.reveal()), words("page.faces.export_how"),
            words("page.faces.export_yes"), lambda: self._export(one.person),
        )  # fmt: skip

    async def _export(self, person: str) -> None:
        by = self._session.user.name
        answer = await self._live.ask(self._session.may_take_consent, lambda: self._desk.export(person, by))
        if answer is not None and answer.value is not None:
            text = json.dumps(answer.value, ensure_ascii=False, indent=1)
            with self._list:
                ui.download.content(text, f"khuon-mat-{person}.json", "application/json")
