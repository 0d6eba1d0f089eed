"""The guide's screens for procedures: which one, its papers, one paper after the other, what is missing."""

from collections.abc import Sequence

from edge.domain.dialogue_terms import Intent, Meaning
from edge.guide_ports import ProcedureInfo
from edge.web.guide_icons import icon
from edge.web.guide_parts import Stand, actions, card, grid, screen, yes_no
from edge.web.parts import Text, block, drawing

MANY = 10  # procedures from which three columns stand side by side


def draw_procedures(stand: Stand) -> None:
    procedures = tuple(stand.hall.procedures.values())
    with screen("procedures"), grid("three tight" if len(procedures) >= MANY else "two"):
        for one in procedures:
            card(stand, Meaning(Intent.PROCEDURE, one.key), one.name(stand.words.lang), classes="slim")


def draw_papers(stand: Stand) -> None:
    known = _procedure(stand)
    if known is None:
        return
    words = stand.words
    with screen("papers-screen"):
        Text("h2", known.name(words.lang), "guide-name")
        _list(known.papers_in(words.lang), ())
        wanted = [(Meaning(Intent.CHECKLIST, known.key), words("page.guide.check_papers"), "checklist")]
        if known.service is not None:
            wanted.append((Meaning(Intent.TICKET, known.key), words("page.guide.menu_ticket"), "ticket"))
            wanted.append((Meaning(Intent.COUNTER, known.key), words("page.guide.menu_counter"), "counter"))
        actions(stand, *wanted)


def draw_checking(stand: Stand) -> None:
    known, place = _procedure(stand), len(stand.state.have)
    papers = known.papers_in(stand.words.lang) if known else ()
    if known is None or place >= len(papers):
        return
    with screen("checking middle"):
        Text("p", stand.words("page.guide.paper_of", place=place + 1, n=len(papers)), "guide-note")
        Text("p", papers[place], "guide-big")
        yes_no(stand, stand.words("page.guide.have"), stand.words("page.guide.have_not"))


def draw_checked(stand: Stand) -> None:
    known = _procedure(stand)
    if known is None:
        return
    with screen("papers-screen"):
        Text("h2", known.name(stand.words.lang), "guide-name")
        _list(known.papers_in(stand.words.lang), stand.state.have, stand)
        yes_no(stand, stand.words("page.guide.take_number"), stand.words("page.guide.later"))


def _list(papers: Sequence[str], have: Sequence[bool], stand: Stand | None = None) -> None:
    """Numbered before they are checked, then with what is there and what is missing, in words too."""
    with block("ol", "guide-papers many" if len(papers) > 4 else "guide-papers"):
        for place, paper in enumerate(papers):
            has_it = have[place] if place < len(have) else None
            kind = {None: "open", True: "there", False: "missing"}[has_it]
            with block("li", kind):
                if has_it is None or stand is None:
                    Text("span", str(place + 1), "guide-paper-mark").props["aria-hidden"] = "true"
                else:
                    drawing(icon("yes" if has_it else "no"), "guide-paper-mark")
                Text("span", paper)
                if has_it is not None and stand is not None:
                    Text("b", stand.words(f"page.guide.paper_{kind}"))


def _procedure(stand: Stand) -> ProcedureInfo | None:
    return stand.hall.procedures.get(stand.state.procedure or "")
