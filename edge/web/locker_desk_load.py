"""Loading a result: scan or type the dossier, the citizen's number, and a door opens."""

import json
from collections.abc import Mapping

from nicegui import ui

from edge.web.locker_staff import Hand, choice, field, form, reset, submit
from edge.web.parts import Text, block

SIZES = ("small", "medium", "large")  # smallest first


class LoadPanel:
    """The citizen's number goes from the form to the desk and stays nowhere here."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._live, self._desk = hand, hand.live, hand.desk
        self._words = words = hand.words
        Text("p", words("page.locker.load_how"), "how")
        with form(self._load) as self._form:
            field(
                words("page.locker.dossier"),
                "load-dossier",
                required="",
                autocapitalize="characters",
                spellcheck="false",
            )
            self._scanned = Text("p", "", "how")
            self._scanned.props["aria-live"] = "polite"
            field(words("page.locker.citizen_phone"), "load-phone", required="", inputmode="tel")
            with block("div", "desk-row"):
                choice(words("page.locker.bag_size"), "load-size", self._sizes())
                with block("label", "desk-check", for_="load-low"):
                    block("input", "", type="checkbox", id="load-low", name="load-low", value="yes")
                    Text("span", words("page.locker.low_wanted"))
            submit(words("page.locker.load"))
        scans = self._desk.scans()
        if scans:
            self._live.follow(scans.subscribe, self._take_scan)

    def _sizes(self) -> dict[str, str]:
        there = {one.size for one in self._desk.cabinet().compartments}
        sizes = {
            size: self._words.first(f"page.locker.size.{size}", "page.locker.size.other")
            for size in SIZES
            if size in there
        }
        return {"": self._words("page.locker.size.auto"), **sizes}

    async def _load(self, fields: Mapping[str, str]) -> None:
        dossier, phone = fields.get("load-dossier", ""), fields.get("load-phone", "")
        size, low = fields.get("load-size") or None, fields.get("load-low") == "yes"
        done = await self._hand.do(
            lambda by: self._desk.load(by, dossier, phone, size=size, low=low), "page.locker.loaded"
        )
        if done:
            reset(self._form)
            self._scanned.say("")

    def _take_scan(self, text: str) -> None:
        """Into the browser's field, where it can be looked at and mended before the form is sent."""
        if not text:
            self._scanned.say(self._words("page.locker.scan_unreadable"))
            return
        with self._form:
            ui.run_javascript(f"document.getElementById('load-dossier').value = {json.dumps(text)}")
        self._scanned.say(self._words("page.locker.scanned"))
