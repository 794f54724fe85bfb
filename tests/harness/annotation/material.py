"""Items to vote on, a ballot, and a browser without a screen."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from fastapi.testclient import TestClient
from httpx import Response

from humpback.annotation.app import create_app
from humpback.annotation.ballot import Ballot
from humpback.annotation.guard import Guard
from humpback.annotation.items import Item, System, join
from humpback.core.tables import Example

FIRST, SECOND = "system-aardvark-7b", "system-zebra-13b"
PORT = 8765
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<a href=\"javascript:document.title='owned'\">click</a> [click](javascript:alert(1)) ![x](http://evil.test/x.png)\n"
    "</div></section></main><style>body{display:none}</style>\u202eesrever\n{{ 7 * 7 }} " + "w" * 20_000
)


def items(n: int, *, hostile: bool = False) -> tuple[Item, ...]:
    """n items of two systems; of the first one, the second system's answer is hostile."""

    def answers(name: str, word: str) -> System:
        rows = [Example(f"file/{i}", f"Prompt number {i}?", f"{word} answer {i}", source="vicuna") for i in range(n)]
        if hostile and word == "Brief":
            rows[0] = Example("file/0", "Prompt number 0?", HOSTILE, source="vicuna")
        return System(name, tuple(rows), ())

    return join(answers(FIRST, "Long"), answers(SECOND, "Brief")).items


def ballot(path: Path, n: int = 4, *, seed: int = 0, quickest: float = 0.0) -> Ballot:
    return Ballot(path / "votes.sqlite", items(n), seed=seed, quickest=quickest)


class Browser:
    """One annotator's browser: follows redirects, keeps cookies, sends forms with an Origin as browsers do."""

    def __init__(self, box: Ballot, key: str | None = None, base: str = f"http://127.0.0.1:{PORT}") -> None:
        guard = Guard("127.0.0.1" if key is None else "0.0.0.0", PORT, key)
        self.client = TestClient(create_app(box, guard), base_url=base)
        self.client.headers["origin"] = base
        self.seen: list[Response] = []

    def get(self, path: str = "/") -> str:
        self.seen.append(self.client.get(path))
        return self.seen[-1].text

    def post(self, path: str, **fields: str) -> str:
        self.seen.append(self.client.post(path, data=fields))
        return self.seen[-1].text

    def enter(self, name: str) -> str:
        return self.post("/enter", csrf=field(self.get(), "csrf"), name=name)

    def vote(self, page: str, choice: str, comment: str = "") -> str:
        """Press a button of a page, whatever has been opened since."""
        form = page[page.index('action="/vote"') :]
        return self.post("/vote", csrf=field(form, "csrf"), token=field(form, "token"), choice=choice, comment=comment)

    def undo(self, page: str) -> str:
        form = page[page.index('action="/undo"') :]
        return self.post("/undo", csrf=field(form, "csrf"), token=field(form, "token"))


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def texts(page: str) -> list[str]:
    """Prompt, first and second answer as the page shows them."""
    return [unescape(one) for one in re.findall(r'<div class="text"[^>]*>(.*?)</div>', page, re.S)]


def said(page: str) -> str:
    found = re.search(r'id="said">([^<]*)<', page)
    assert found, page
    return unescape(found[1])
