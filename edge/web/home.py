"""A device's home page: a list of what one may open. Plain HTML; `routes` adds the entrance to it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from edge.web.auth import Session
from edge.web.entrance import add_routes
from edge.web.gate import language_of, session_of
from edge.web.plain import e, respond
from edge.web.site import Site
from edge.web.users import Role, User
from edge.web.words import Words


def routes(site: Site) -> APIRouter:
    """GET / and the entrance's."""
    router, home = APIRouter(include_in_schema=False), _Home(site)
    router.add_api_route("/", home.home, methods=["GET"], response_model=None)
    add_routes(router, site, home.landing)
    return router


class _Home:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def home(self, request: Request) -> Response:
        words, session = self._site.words(language_of(request)), session_of(request)
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

    def landing(self, user: User, back: str) -> str:
        """An officer of one counter lands there: on its queue where the device has no camera for it."""
        place = _landing(user, back)
        has_camera = user.counters[:1] and user.counters[0] in self._site.desks.counters.counters()
        return f"{place}/so" if place.startswith("/quay/") and back == "/" and not has_camera else place

    def _who(self, words: Words, session: Session | None) -> str:
        if session is None:
            return f'<p><a class="button primary" href="/dang-nhap">{e(words("page.login.title"))}</a></p>'
        seal = self._site.seal.of(session.key)
        return (
            f'<form method="post" action="/dang-xuat"><input type="hidden" name="seal" value="{seal}">'
            f'<p>{e(session.user.name)} <button class="button" type="submit">{e(words("page.common.logout"))}</button></p></form>'
        )


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
