"""The city at a glance: counts, the map, live alerts, and the sites that need somebody."""

from edge.domain.fleet import State, rank
from edge.fleet_ports import CityAlert, FleetView, SiteView
from edge.web import fleet_map
from edge.web import fleet_words as say
from edge.web.auth import Session
from edge.web.fleet_doors import DEVICES
from edge.web.fleet_house import Choice, FleetHouse, may_see_city, picture
from edge.web.fleet_parts import Rows, address, chip, filter_form, fleet_bar, ward_select
from edge.web.live import LivePage
from edge.web.parts import Text, block, drawing, head, heading, show
from edge.web.plain import e
from edge.web.site import Viewer

ALERTS_SHOWN = 30
SITES_SHOWN = 40
_WELL = {State.OK, State.REVOKED}


class OverviewPage:
    """Follows the desk's picture; nothing is asked of the database for one viewer more."""

    def __init__(self, house: FleetHouse, viewer: Viewer, session: Session, choice: Choice) -> None:
        self._house, self._session, self._choice, self._words = house, session, choice, viewer.words
        words = viewer.words
        head(words, words("page.fleet.title"), "page.fleet.connection_lost")
        live = LivePage(house, viewer)
        self._paced = live.paced(self._refresh)
        with block("div", "fixed-screen"):
            fleet_bar(house, viewer, session, words("page.fleet.title"))
            with block("main", "fleet fleet-overview"):
                self._build_counts()
                with block("section", "panel fleet-map-panel"):
                    heading(words, "page.fleet.map")
                    self._map = fleet_map.FleetMap(words)
                    drawing(fleet_map.legend(words))
                with block("div", "stack"):
                    self._build_lists()
        live.follow(house.desk.subscribe, lambda _: self._paced.ask())
        live.at_connect(self._paced.ask)
        self._show()

    def _build_counts(self) -> None:
        words = self._words
        with block("section", "fleet-counts", aria_label=words("page.fleet.counts")):
            self._counts = Rows("ul", "li")
            self._stale = Text("p", words("page.fleet.stale"), "fleet-stale")
            show(self._stale, is_shown=False)
        sheet = address("/tai-xuong/canh-bao.csv", phuong=self._choice.ward)
        wards = ward_select(self._house, self._session, words, self._choice)
        filter_form(
            words, [wards] if wards else [], [(sheet, words("page.fleet.csv", name=words("page.fleet.count_alerts")))]
        )

    def _build_lists(self) -> None:
        words = self._words
        with block("section", "panel grow"):
            heading(words, "page.fleet.alerts_live")
            self._no_alerts = Text("p", words("page.fleet.no_alerts"), "none")
            self._alerts = Rows("ul", "li", "fleet-list", aria_live="polite")
            self._more_alerts = Text("p", "", "none")
        with block("section", "panel grow"):
            heading(words, "page.fleet.attention")
            self._all_well = Text("p", words("page.fleet.all_well"), "none")
            self._sites = Rows("ul", "li", "fleet-list")
            self._more = Text("p", "", "none")

    async def _refresh(self) -> None:
        self._show()

    def _show(self) -> None:
        view = picture(self._house, self._session, self._choice)
        if view is None:
            return
        show(self._stale, is_shown=view.is_stale)
        self._counts.show(self._count_rows(view))
        self._map.show(view.sites)
        alerts = sorted(view.alerts, key=lambda one: (one.is_contested, one.is_acknowledged))[:ALERTS_SHOWN]
        self._alerts.show([self._alert_row(alert) for alert in alerts])
        beyond = len(view.alerts) - ALERTS_SHOWN
        self._more_alerts.say(self._words("page.fleet.more_alerts", n=beyond) if beyond > 0 else "")
        show(self._no_alerts, is_shown=not alerts)
        unwell = sorted((site for site in view.sites if site.state not in _WELL), key=lambda one: rank(one.state))
        self._sites.show([self._site_row(site) for site in unwell[:SITES_SHOWN]])
        show(self._all_well, is_shown=not unwell)
        left = len(unwell) - SITES_SHOWN
        self._more.say(self._words("page.fleet.more_sites", n=left) if left > 0 else "")

    def _count_rows(self, view: FleetView) -> list[tuple[str, str, str]]:
        devices = [one for one in view.devices if one.state is not State.REVOKED]
        unwell = sum(one.state is not State.OK for one in devices)
        alerts = sum(not one.is_contested for one in view.alerts)
        rows = [
            ("sites", str(len(view.sites)), ""),
            ("online", f"{view.online}/{len(devices)}", ""),
            ("unwell", str(unwell), "is-many" if unwell else ""),
            ("alerts", str(alerts), "is-many" if alerts else ""),
            ("waiting", str(sum(one.backlog or 0 for one in devices)), ""),
        ]
        if may_see_city(self._session) and view.strangers:
            rows.append(("strangers", str(view.strangers), "is-many"))
        return [
            (key, kind, f"<b>{e(n)}</b> <span>{e(self._words(f'page.fleet.count_{key}'))}</span>")
            for key, n, kind in rows
        ]

    def _alert_row(self, alert: CityAlert) -> tuple[str, str, str]:
        words, now = self._words, self._house.desk.now()
        state = "contested" if alert.is_contested else "acknowledged" if alert.is_acknowledged else "open"
        doubt = "" if alert.is_confirmed else f'<span class="chip early">{e(words("page.fleet.not_confirmed"))}</span>'
        where = f"{alert.site_name} · {alert.counter or '–'}"
        markup = (
            f'<a href="{DEVICES}/{e(alert.site)}/{e(alert.device)}">{e(where)}</a>'
            f'<span class="chip">{e(say.alert_state(words, alert))}</span>{doubt}'
            f"<p>{e(say.alert_what(words, alert, now))}</p>"
        )
        return ("/".join(alert.key), f"fleet-alert state-{state}", markup)

    def _site_row(self, site: SiteView) -> tuple[str, str, str]:
        online = self._words("page.fleet.online_of", online=site.online, n=site.devices)
        markup = (
            f'<a href="{e(address(DEVICES, diem=site.site))}">{e(site.name)}</a>{chip(self._words, site.state)}'
            f"<p>{e(site.ward or self._words('page.fleet.no_ward'))} · {e(online)}</p>"
        )
        return (site.site, "fleet-site", markup)
