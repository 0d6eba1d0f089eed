"""The device page for technicians and leaders: each part, what is wrong with it since when, what to do; the line to the city."""

from edge.web.city_line import CityPanel
from edge.web.frame import top_bar
from edge.web.health_strip import HealthStrip
from edge.web.live import Live
from edge.web.parts import Text, block, head
from edge.web.site import Site, Viewer


class DevicePage:
    def __init__(self, site: Site, viewer: Viewer) -> None:
        words = viewer.words
        head(words, words("page.device.title"))
        live = Live(site, viewer)
        top_bar(site, viewer, words("page.device.title"), site.settings.centre)
        with block("main", "device"):
            if site.desks.hearing and viewer.session and viewer.session.may_overhear:
                with block("a", "link", href="/huong-dan/ky-thuat"):
                    Text("span", words("page.device.hearing"))
            HealthStrip(live)
            if site.desks.city:
                CityPanel(live, site.desks.city)
