"""Web pages of the micro world, as HTML, with the truth about their segments."""

import html as entities
import random
from dataclasses import dataclass

from humpback.micro.segments import Segment, segment
from humpback.spec.micro_world import World

SECTIONS = (4, 5, 6, 7, 8)
"""How many sections a page has."""

_SITES = ("Creature notes", "The creature club", "Creatures & more", "A walk with creatures")


@dataclass(frozen=True)
class Page:
    """A page and what the segments in it are."""

    url: str
    html: str
    segments: tuple[Segment, ...]


def pages(world: World, n: int, seed: int) -> list[Page]:
    """n pages, no text of a segment twice among them, none the answer to a request held out for evaluation."""
    rng = random.Random(f"pages/{world.seed}/{seed}")
    seen: set[str] = set()
    found = []
    for i in range(n):
        inside = []
        for _ in range(rng.choice(SECTIONS)):
            fresh = segment(world, rng, held_out=False)
            while fresh.text in seen:
                fresh = segment(world, rng, held_out=False)
            seen.add(fresh.text)
            inside.append(fresh)
        site = rng.choice(_SITES)
        found.append(Page(f"https://creatures.example/{seed}/{i}", _html(site, inside, rng), tuple(inside)))
    return found


def _html(site: str, inside: list[Segment], rng: random.Random) -> str:
    """A page with a title, a menu, a section for each segment under a header of one level, and a footer."""
    level = rng.choice(("h2", "h2", "h3"))
    sections = "\n".join(_section(level, each, rng) for each in inside)
    title = entities.escape(site)
    style = "<style>h2 { color: navy } p > a { color: red }</style>\n" if rng.random() < 0.5 else ""
    script = "<script>if (1 < 2) { track('<p>page</p>'); }</script>\n" if rng.random() < 0.5 else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n{style}{script}</head>\n<body>\n"
        '<nav><ul><li><a href="/">Home</a></li><li><a href="/shop">Shop</a></li></ul></nav>\n'
        f"<main>\n<h1>{title}</h1>\n{sections}\n</main>\n"
        "<footer>&copy; Creatures &middot; All rights reserved</footer>\n</body>\n</html>\n"
    )


def _section(level: str, each: Segment, rng: random.Random) -> str:
    """A header and its text: a paragraph for each line, and a list for each run of items."""
    blocks: list[str] = []
    for line in each.text.split("\n"):
        if line.startswith("- "):
            item = f"<li>{_inline(line.removeprefix('- '), rng)}</li>"
            if blocks and blocks[-1].startswith("<ul>"):
                blocks[-1] = blocks[-1].replace("</ul>", f"{item}\n</ul>")
            else:
                blocks.append(f"<ul>\n{item}\n</ul>")
        else:
            blocks.append(f"<p>{_inline(line, rng)}</p>")
    return "\n".join([f"<{level}>{_inline(each.header, rng)}</{level}>", *blocks])


def _inline(text: str, rng: random.Random) -> str:
    """The text with entities, and now and then a word in bold or a link."""
    words = entities.escape(text).split(" ")
    if rng.random() < 0.3:
        i = rng.randrange(len(words))
        words[i] = rng.choice(("<b>{}</b>", '<a href="/more">{}</a>', "<em>{}</em>")).format(words[i])
    if rng.random() < 0.2 and len(words) > 1:
        words[0:2] = ["&nbsp;".join(words[0:2])]
    return " ".join(words)
