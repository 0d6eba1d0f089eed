"""The plain pages before the live ones: home, login, logout, language. Cookies are set here and nowhere else."""

import math
import secrets
from collections.abc import Callable
from urllib.parse import quote

import pyotp
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from edge.web.auth import COOKIE, Session
from edge.web.gate import LANGUAGE_COOKIE, language_of, safe_path, session_of
from edge.web.login import Refused
from edge.web.plain import e, respond
from edge.web.site import Site
from edge.web.users import Role, User
from edge.web.words import Words

FORM_COOKIE = "motcua_form"
LANGUAGE_COOKIE_S = 365 * 24 * 3600


def routes(site: Site) -> APIRouter:
    """GET / · GET+POST /dang-nhap · POST /dang-xuat · GET /ngon-ngu/{lang}."""
    router = APIRouter(include_in_schema=False)
    entrance = _Entrance(site)
    router.add_api_route("/", entrance.home, methods=["GET"], response_model=None)
    router.add_api_route("/dang-nhap", entrance.ask, methods=["GET"], response_model=None)
    router.add_api_route("/dang-nhap", entrance.login, methods=["POST"], response_model=None)
    router.add_api_route("/dang-xuat", entrance.logout, methods=["POST"], response_model=None)
    router.add_api_route("/ngon-ngu/{lang}", entrance.language, methods=["GET"], response_model=None)
    return router


class _Entrance:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def home(self, request: Request) -> Response:
        words, session = self._words(request), session_of(request)
        desk, may_all = self._site.desks.counters, session is None or session.is_leader
        views = [desk.view(counter) for counter in desk.counters()]
        mine = [view for view in views if _shown(session, view.counter)]
        leader = [("/lanh-dao", words("page.home.leader"), self._site.settings.centre)] if may_all else []
        device = [("/thiet-bi", words("page.home.device"), "")] if session is None or session.may_see_device else []
        body = (
            f"<h1>{e(words('page.home.title'))}</h1><p>{e(words('page.home.how'))}</p>"
            + _cards(words, "officer", [(f"/quay/{view.counter}", view.name, view.unit) for view in mine])
            + _cards(words, "tablet", [(f"/danh-gia/{view.counter}", view.name, view.unit) for view in views])
            + _cards(words, "locker", self._locker(words, session))
            + _cards(words, "queue", self._queue(words, session))
            + _cards(words, "guide", self._guide(words, session))
            + _cards(words, "rest", leader + device)
        )
        return respond(words, words("page.home.title"), body + self._who(words, session), path="/")

    def _locker(self, words: Words, session: Session | None) -> list[tuple[str, str, str]]:
        if self._site.desks.locker is None:
            return []
        under = self._site.settings.locker.name
        cards = [("/tu", words("page.home.locker_citizen"), under)]
        if session is None or session.may_see_locker:
            cards.append(("/tu/can-bo", words("page.home.locker_desk"), under))
        if session is None or session.may_see_device:
            cards.append(("/tu/ky-thuat", words("page.home.locker_service"), under))
        return cards

    def _guide(self, words: Words, session: Session | None) -> list[tuple[str, str, str]]:
        desks, cards = self._site.desks, []
        if desks.guide is not None:
            cards.append(("/huong-dan", words("page.home.guide_kiosk"), self._site.settings.centre))
        if desks.faces is not None and (session is None or session.may_take_consent):
            cards.append(("/khuon-mat", words("page.home.faces"), words("page.home.faces_under")))
        if desks.hearing is not None and (session is None or session.may_overhear):
            cards.append(("/huong-dan/ky-thuat", words("page.home.hearing"), words("page.home.hearing_how")))
        return cards

    def _queue(self, words: Words, session: Session | None) -> list[tuple[str, str, str]]:
        desk, centre = self._site.desks.queue, self._site.settings.centre
        if desk is None:
            return []
        panels = [
            (f"/quay/{one.counter}/so", one.name, words("page.home.queue_panel"))
            for one in desk.counters()
            if _shown(session, one.counter)
        ]
        return [*panels, ("/bang-so", words("page.home.board"), centre), ("/lay-so", words("page.home.number"), centre)]

    async def ask(self, request: Request) -> Response:
        return self._form(request, safe_path(request.query_params.get("ve")), message="", status=200)

    async def login(self, request: Request) -> Response:
        form = await request.form()
        back = safe_path(str(form.get("ve", "")))
        if not self._site.seal.fits(request.cookies.get(FORM_COOKIE), form.get("seal")):
            return self._form(request, back, self._words(request)("page.login.form_old"), status=403)
        outcome = await self._site.login.attempt(*(str(form.get(key, "")) for key in ("name", "pin", "code")))
        if isinstance(outcome, Refused):
            return self._refuse(request, back, outcome)
        answer = RedirectResponse(self._landing(outcome, back), status_code=303)
        self._cookie(answer, COOKIE, self._site.sessions.open(outcome), int(self._site.settings.session_hours * 3600))
        answer.delete_cookie(FORM_COOKIE)
        return answer

    async def logout(self, request: Request) -> Response:
        session, form = session_of(request), await request.form()
        if session and self._site.seal.fits(session.key, form.get("seal")):
            self._site.sessions.close(session)
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def language(self, request: Request, lang: str) -> Response:
        answer = RedirectResponse(safe_path(request.query_params.get("ve")), status_code=303)
        if lang in self._site.strings.languages:
            self._cookie(answer, LANGUAGE_COOKIE, lang, LANGUAGE_COOKIE_S)
        return answer

    def _landing(self, user: User, back: str) -> str:
        """An officer of one counter lands there: on its queue where the device has no camera for it."""
        place = _landing(user, back)
        has_camera = user.counters[:1] and user.counters[0] in self._site.desks.counters.counters()
        return f"{place}/so" if place.startswith("/quay/") and back == "/" and not has_camera else place

    def _refuse(self, request: Request, back: str, refused: Refused) -> Response:
        words, wait = self._words(request), math.ceil(refused.wait_s)
        message = words("page.login.refused_wait", seconds=wait) if wait else words("page.login.refused")
        return self._form(request, back, message, status=429 if wait else 401, wait_s=wait)

    def _form(self, request: Request, back: str, message: str, *, status: int, wait_s: int = 0) -> Response:
        words = self._words(request)
        held = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
        body = _form_html(words, self._site.seal.of(held), back, message) + self._demo_html(words)
        path = f"/dang-nhap?ve={quote(back)}"
        answer = respond(words, words("page.login.title"), body, path=quote(path), status=status, wait_s=wait_s)
        self._cookie(answer, FORM_COOKIE, held, 3600)
        return answer

    def _demo_html(self, words: Words) -> str:
        users = self._site.settings.demo_users
        if not users:
            return ""
        rows = "".join(
            f"<tr><th scope='row'><button type='button' class='button'>{e(u.name)}</button></th>"
            f"<td>{e(u.pin)}</td><td>{e(pyotp.TOTP(u.totp_secret).now())}</td></tr>"
            for u in users
        )
        heads = "".join(f'<th scope="col">{e(words(f"page.login.{key}"))}</th>' for key in ("name", "pin", "code"))
        note = e(words("page.login.demo"))
        return f'<section class="demo"><p>{note}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{_FILL_IN}</section>'

    def _who(self, words: Words, session: Session | None) -> str:
        if session is None:
            return f'<p><a class="button primary" href="/dang-nhap">{e(words("page.login.title"))}</a></p>'
        seal = self._site.seal.of(session.key)
        return (
            f'<form method="post" action="/dang-xuat"><input type="hidden" name="seal" value="{seal}">'
            f'<p>{e(session.user.name)} <button class="button" type="submit">{e(words("page.common.logout"))}</button></p></form>'
        )

    def _cookie(self, answer: Response, name: str, value: str, age_s: int) -> None:
        secure = self._site.settings.is_https
        answer.set_cookie(name, value, max_age=age_s, path="/", httponly=True, samesite="strict", secure=secure)

    def _words(self, request: Request) -> Words:
        return self._site.words(language_of(request))


# The demo's own users only: a press on a name fills the form with what stands beside it and sends it.
_FILL_IN = """<script>document.querySelectorAll(".demo button").forEach(b => b.onclick = () => {
  const [pin, code] = [...b.closest("tr").querySelectorAll("td")].map(td => td.textContent);
  Object.entries({name: b.textContent, pin, code}).forEach(([id, text]) => document.getElementById(id).value = text);
  document.querySelector("form.login").requestSubmit();
})</script>"""


def _shown(session: Session | None, counter: str) -> bool:
    return session is None or session.may_see_counter(counter)


def _landing(user: User, back: str) -> str:
    if back != "/":
        return back
    if user.role is Role.OFFICER:
        return f"/quay/{user.counters[0]}" if len(user.counters) == 1 else "/"
    return "/lanh-dao" if user.role is Role.LEADER else "/thiet-bi"


def _cards(words: Words, kind: str, cards: list[tuple[str, str, str]]) -> str:
    """A titled group of (address, name, second line)."""
    rows = "".join(
        f'<li><a class="card card-{kind}" href="{e(href)}"><b>{e(name)}</b><span>{e(under)}</span></a></li>'
        for href, name, under in cards
    )
    return f'<h2>{e(words(f"page.home.{kind}"))}</h2><ul class="cards">{rows}</ul>' if cards else ""


def _form_html(words: Words, seal: str, back: str, message: str) -> str:
    say: Callable[[str], str] = lambda key: e(words(f"page.login.{key}"))  # noqa: E731 - a short name for a long line
    alert = f'<p class="wrong" role="alert">{e(message)}</p>' if message else ""
    return (
        f'<h1>{say("title")}</h1><p>{say("how")}</p>{alert}<form class="login" method="post" action="/dang-nhap">'
        f'<input type="hidden" name="seal" value="{seal}"><input type="hidden" name="ve" value="{e(back)}">'
        f'<label for="name">{say("name")}</label>'
        '<input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus maxlength="32">'
        f'<label for="pin">{say("pin")}</label>'
        '<input id="pin" name="pin" type="password" inputmode="numeric" autocomplete="current-password" required maxlength="12">'
        f'<label for="code">{say("code")}</label>'
        '<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7" aria-describedby="code-how">'
        f'<p id="code-how" class="how">{say("code_how")}</p>'
        f'<button class="button primary" type="submit">{say("enter")}</button></form>'
    )
