"""The plain pages before the live ones: login, logout, language. Cookies are set here and nowhere else."""

import math
import secrets
from collections.abc import Callable
from urllib.parse import quote

import pyotp
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from edge.web.auth import COOKIE
from edge.web.gate import LANGUAGE_COOKIE, language_of, safe_path, session_of
from edge.web.login import Refused
from edge.web.plain import e, respond
from edge.web.site import House
from edge.web.users import User
from edge.web.words import Words

FORM_COOKIE = "motcua_form"
LANGUAGE_COOKIE_S = 365 * 24 * 3600
NAME_AT_MOST = 32


Landing = Callable[[User, str], str]
"""Where somebody goes after the login: who, and the path they came for (`/` when for none)."""


def add_routes(router: APIRouter, house: House, landing: Landing) -> None:
    """GET+POST /dang-nhap · POST /dang-xuat · GET /ngon-ngu/{lang}."""
    entrance = _Entrance(house, landing)
    router.add_api_route("/dang-nhap", entrance.ask, methods=["GET"], response_model=None)
    router.add_api_route("/dang-nhap", entrance.login, methods=["POST"], response_model=None)
    router.add_api_route("/dang-xuat", entrance.logout, methods=["POST"], response_model=None)
    router.add_api_route("/ngon-ngu/{lang}", entrance.language, methods=["GET"], response_model=None)


class _Entrance:
    def __init__(self, house: House, landing: Landing) -> None:
        self._site = house
        self._landing = landing

    async def ask(self, request: Request) -> Response:
        was_inside = COOKIE in request.cookies and session_of(request) is None
        message = self._words(request)("page.login.over") if was_inside else ""
        return self._form(request, safe_path(request.query_params.get("ve")), message, status=200)

    async def login(self, request: Request) -> Response:
        form = await request.form()
        back = safe_path(str(form.get("ve", "")))
        if not self._site.seal.fits(request.cookies.get(FORM_COOKIE), form.get("seal")):
            return self._form(request, back, self._words(request)("page.login.form_old"), status=403)
        outcome = await self._site.login.attempt(*(str(form.get(key, "")) for key in ("name", "pin", "code")))
        if isinstance(outcome, Refused):
            return self._refuse(request, back, outcome, str(form.get("name", ""))[:NAME_AT_MOST])
        answer = RedirectResponse(self._landing(outcome, back), status_code=303)
        if was := session_of(request):
            self._site.sessions.close(was)  # its token is overwritten below: nobody could log it out any more
        self._cookie(answer, COOKIE, self._site.sessions.open(outcome), int(self._site.settings.session_hours * 3600))
        await self._site.sessions.keep()
        answer.delete_cookie(FORM_COOKIE)
        return answer

    async def logout(self, request: Request) -> Response:
        session, form = session_of(request), await request.form()
        if session and self._site.seal.fits(session.key, form.get("seal")):
            self._site.sessions.close(session)
            await self._site.sessions.keep()
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def language(self, request: Request, lang: str) -> Response:
        answer = RedirectResponse(safe_path(request.query_params.get("ve")), status_code=303)
        if lang in self._site.strings.languages:
            self._cookie(answer, LANGUAGE_COOKIE, lang, LANGUAGE_COOKIE_S)
        return answer

    def _refuse(self, request: Request, back: str, refused: Refused, name: str) -> Response:
        words, wait = self._words(request), math.ceil(refused.wait_s)
        message = words("page.login.refused_wait", seconds=wait) if wait else words("page.login.refused")
        return self._form(request, back, message, status=429 if wait else 401, wait_s=wait, name=name)

    def _form(
        self, request: Request, back: str, message: str, *, status: int, wait_s: int = 0, name: str = ""
    ) -> Response:
        words = self._words(request)
        held = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
        body = _form_html(words, self._site.seal.of(held), back, message, name) + self._demo_html(words)
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


def _form_html(words: Words, seal: str, back: str, message: str, name: str) -> str:
    """After a wrong try the name stands there still, and the keyboard is where the try begins anew, with what was wrong read out."""
    say: Callable[[str], str] = lambda key: e(words(f"page.login.{key}"))  # noqa: E731 - a short name for a long line
    alert = f'<p id="wrong" class="wrong" role="alert">{e(message)}</p>' if message else ""
    begin = "autofocus" + (' aria-describedby="wrong"' if message else "")
    at_name, at_pin = ("", begin) if name else (begin, "")
    return (
        f'<h1>{say("title")}</h1><p>{say("how")}</p>{alert}<form class="login" method="post" action="/dang-nhap">'
        f'<input type="hidden" name="seal" value="{seal}"><input type="hidden" name="ve" value="{e(back)}">'
        f'<label for="name">{say("name")}</label>'
        f'<input id="name" name="name" autocomplete="username" autocapitalize="none" required {at_name} '
        f'maxlength="{NAME_AT_MOST}" value="{e(name)}">'
        f'<label for="pin">{say("pin")}</label>'
        '<input id="pin" name="pin" type="password" inputmode="numeric" autocomplete="current-password" required '
        f'{at_pin} maxlength="12">'
        f'<label for="code">{say("code")}</label>'
        '<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7" aria-describedby="code-how">'
        f'<p id="code-how" class="how">{say("code_how")}</p>'
        f'<button class="button primary" type="submit">{say("enter")}</button></form>'
    )
