"""Opening every door: two different persons, each with their own PIN and one-time code, and a reason."""

import math
from collections.abc import Mapping

from edge.locker_ports import Staff
from edge.web.locker_staff import Hand, choice, field, form, submit
from edge.web.login import Refused as LoginRefused
from edge.web.parts import Text, block
from edge.web.users import Role, User

WHY = ("fire", "moving", "fault")  # as `locker.recalled` has them, for all doors
MAY = {Role.OFFICER, Role.LEADER}


class RecallAll:
    """Both persons are checked here and now, whoever is logged in; the desk refuses one person twice again."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._words, self._dialog = hand, hand.words, hand.dialog
        self._dialog.open(self._words("page.locker.recall_all_title"), self._build)

    def _build(self) -> None:
        words = self._words
        Text("p", words("page.locker.recall_all_how"))
        self._wrong = Text("p", "", "wrong-line")
        self._wrong.props["role"] = "alert"
        with form(self._send):
            choice(
                words("page.locker.recall_why"), "all-why", {why: words(f"page.locker.because.{why}") for why in WHY}
            )
            with block("div", "two-persons"):
                with block("fieldset"):
                    Text("legend", words("page.locker.first_person", name=self._hand.by.name))
                    self._secrets("first")
                with block("fieldset"):
                    Text("legend", words("page.locker.second_person"))
                    field(words("page.login.name"), "second-name", required="", autocapitalize="none")
                    self._secrets("second")
            with block("div", "actions"):
                submit(words("page.locker.recall_all_yes"), "danger")
                self._dialog.cancel_button()

    def _secrets(self, who: str) -> None:
        words = self._words
        field(words("page.login.pin"), f"{who}-pin", type="password", inputmode="numeric", required="")
        field(words("page.login.code"), f"{who}-code", inputmode="numeric", required="")

    async def _send(self, fields: Mapping[str, str]) -> None:
        why = fields.get("all-why", "")
        if why not in WHY:
            return
        second = await self._second(fields)
        if second is None or not await self._is_first(fields):
            return
        self._dialog.close()
        who = Staff(second.name, second.role.value)
        made = await self._hand.do(lambda by: self._hand.desk.recall_all(by, why, who))
        for opening in made or ():
            self._hand.cards.add(opening)

    async def _second(self, fields: Mapping[str, str]) -> User | None:
        """Somebody else, who may; one person twice is told before a code is spent."""
        name = fields.get("second-name", "").lower()
        if name == self._hand.by.name:
            self._wrong.say(self._words("page.locker.same_person"))
            return None
        found = await self._check(name, "second", fields)
        if found and (found.role not in MAY or found.name == self._hand.by.name):
            self._wrong.say(self._words("page.locker.same_person"))
            return None
        return found

    async def _is_first(self, fields: Mapping[str, str]) -> bool:
        return await self._check(self._hand.by.name, "first", fields) is not None

    async def _check(self, name: str, who: str, fields: Mapping[str, str]) -> User | None:
        outcome = await self._hand.live.site.login.attempt(
            name, fields.get(f"{who}-pin", ""), fields.get(f"{who}-code", "")
        )
        if not isinstance(outcome, LoginRefused):
            return outcome
        wait = math.ceil(outcome.wait_s)
        self._wrong.say(
            self._words("page.login.refused_wait", seconds=wait) if wait else self._words("page.login.refused")
        )
        return None
