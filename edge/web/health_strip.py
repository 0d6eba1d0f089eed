"""The device's parts as tiles, and how many events the city has not confirmed yet. For leader and technician."""

from nicegui.element import Element

from edge.ports import Tile
from edge.web.faults import part_name, tile_advice, tile_why
from edge.web.live import Live
from edge.web.parts import Text, block


class HealthStrip:
    """Asked for every few seconds: health has no subscription."""

    def __init__(self, live: Live, *, is_short: bool = False) -> None:
        """`is_short`: a healthy part is its name and a tick; the word is for the screen reader."""
        self._live, self._words, self._is_short = live, live.viewer.words, is_short
        self._shown: tuple[Tile, ...] | None = None
        with block("section", "health", aria_label=self._words("page.health.title")):
            self._tiles = block("ul", "health-tiles")
            self._backlog = Text("p", "", "backlog")
            self._said = Text("p", "", "unseen")
        self._said.props["role"] = "status"
        self.refresh()
        live.every(live.site.settings.health_every_s, self.refresh)

    def refresh(self) -> None:
        desk = self._live.site.desks.health
        backlog = desk.backlog()
        self._backlog.say(self._words("page.health.backlog", n=backlog) if backlog else self._words("page.health.sent"))
        tiles = desk.tiles()
        if tiles == self._shown:
            return
        self._shown = tiles
        self._tiles.clear()
        with self._tiles:
            for tile in sorted(tiles, key=lambda each: each.ok):
                self._tile(tile)

        self._said.say(" ".join(self._sentence(tile) for tile in tiles if not tile.ok))

    def _sentence(self, tile: Tile) -> str:
        """For the ear: what is broken, once; the tiles and the count of events beside them stay silent."""
        return f"{part_name(self._words, self._live.site.desks.counters, tile.part)}: {tile_why(self._words, tile)}"

    def _tile(self, tile: Tile) -> Element:
        words, desks = self._words, self._live.site.desks
        now = desks.clock.now()
        with block("li", "health-tile ok" if tile.ok else "health-tile bad") as made:
            Text("span", part_name(words, desks.counters, tile.part), "health-part")
            if tile.ok:
                Text("span", words("page.health.ok"), "health-why unseen" if self._is_short else "health-why")
            else:
                Text("span", words("page.health.since", why=tile_why(words, tile), since=words.clock(tile.since, now)))
                Text("span", tile_advice(words, tile), "health-advice")
        return made
