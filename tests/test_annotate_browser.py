"""The annotation page in real Chromium: by keyboard alone, on a narrow screen, with a hostile answer, two at once.

`HUMPBACK_SCREENSHOTS=docs/images` writes the pictures of docs/annotating.md there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from humpback.annotation.app import LONGEST_SHOWN, create_app
from humpback.annotation.ballot import Ballot
from humpback.annotation.guard import Guard
from humpback.annotation.items import System, join
from humpback.core.tables import Example
from humpback.spec.votes import read_votes
from tests import browser
from tests.browser import chromium as chromium
from tests.browser import needs_chromium
from tests.harness.annotation.material import HOSTILE, items

pytestmark = needs_chromium
READ_FIRST = 220
"""Milliseconds in which a new page takes no keys, and a little more."""
WIDE, NARROW = {"width": 1100, "height": 760}, {"width": 320, "height": 640}


@contextmanager
def served(box: Ballot) -> Iterator[str]:
    """The page on loopback; its address."""
    with browser.served(lambda port: create_app(box, Guard("127.0.0.1", port, None))) as port:
        yield f"http://127.0.0.1:{port}/"


def opened(chromium: Any, address: str, size: dict[str, int], **more: Any) -> tuple[Any, list[str]]:
    """A page of a browser of its own, and the addresses that it asks for."""
    page = chromium.new_context(viewport=size, **more).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    page.goto(address)
    return page, asked


def press(page: Any, key: str) -> None:
    """A key that loads the next page, once the page at hand listens."""
    page.wait_for_timeout(READ_FIRST)
    with page.expect_navigation():
        page.keyboard.press(key)


def enter(page: Any, name: str) -> None:
    """The name field takes the focus by itself."""
    page.locator("#name:focus").wait_for()
    # The first key can come before the browser's window has the focus that the field has.
    for _ in range(20):
        page.keyboard.type(name)
        if page.locator("#name").input_value() == name:
            break
        page.locator("#name").clear()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fits(page: Any) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("HUMPBACK_SCREENSHOTS"):
        page.wait_for_timeout(100)
        page.screenshot(path=Path(folder) / f"annotate-{name}.png")


def test_a_session_by_keyboard_alone_on_a_narrow_screen_beside_a_hostile_answer(chromium: Any, tmp_path: Path) -> None:
    box = Ballot(tmp_path / "votes.sqlite", items(5, hostile=True), seed=0)
    with served(box) as address:
        page, asked = opened(chromium, address, NARROW, has_touch=True)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        assert fits(page)
        enter(page, "Anna")
        keys = ["1", "2", "3", "ArrowLeft", "ArrowRight"]
        seen_hostile = 0
        for i, key in enumerate(keys):
            assert page.locator("h1").evaluate("it => it === document.activeElement")
            assert fits(page)
            boxes = page.locator(".text")
            assert boxes.count() == 3
            shown = [boxes.nth(n).text_content() for n in range(3)]
            if HOSTILE in shown:
                seen_hostile += 1
                assert page.locator(".text *").count() == 0
                assert page.locator("script").count() == 1
                tall = boxes.nth(shown.index(HOSTILE)).bounding_box()
                assert tall["height"] < NARROW["height"] / 2
                assert tall["width"] <= NARROW["width"]
                heading = page.locator("h2").first
                assert heading.evaluate("it => getComputedStyle(it).direction") == "ltr"
                picture(page, "hostile")
            assert page.title() == f"{i + 1} of 5: which answer is better?"
            assert page.locator("button[value='neither']").bounding_box()["height"] >= 24
            press(page, key)
        assert seen_hostile == 1
        assert page.locator("h1").inner_text() == "All 5 done"
        press(page, "u")
        press(page, "u")
        assert page.locator(".progress label").inner_text() == "3 of 5 done"
        page.wait_for_timeout(READ_FIRST)
        page.keyboard.press("c")
        page.keyboard.type("u123 is what I typed")
        page.keyboard.press("Escape")
        press(page, "2")
        page.get_by_role("status").filter(has_text="Saved.").wait_for()
        press(page, "3")
        assert fits(page)
        # Buttons by keyboard alone too: undo is reached with Tab.
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        press(page, "1")
        page.context.close()
    assert {url.removeprefix(address).split("?")[0] for url in asked} <= {
        "", "enter", "vote", "undo", "static/page.css", "static/keys.js", "favicon.ico",
    }  # fmt: skip
    assert dialogs == []
    votes = list(read_votes(box.path))
    assert len(votes) == 5
    by_key = [("first" if vote.choice == vote.shown_first else "second", vote.choice) for vote in votes]
    assert [place for place, _ in by_key[:2]] == ["first", "second"]
    assert votes[2].choice == "neither"
    assert [vote.comment for vote in votes] == ["", "", "", "u123 is what I typed", ""]
    assert [place for place, _ in by_key[3:]] == ["second", "first"]


def test_a_hostile_prompt_and_a_megabyte_do_no_harm(chromium: Any, tmp_path: Path) -> None:
    prompt = HOSTILE + "\x1b[2J\x1b]0;owned\x07\u2066\u2067\u200b\u200d\ufeff" * 50
    huge = "\u202e" + "long words " * 90_000 + "\u0301" * 10_000
    one, other = (System(name, (Example("0", prompt, text),), ()) for name, text in (("x", huge), ("y", "\u200b")))
    box = Ballot(tmp_path / "votes.sqlite", join(one, other).items, seed=0)
    with served(box) as address:
        page, asked = opened(chromium, address, NARROW)
        enter(page, "Anna")
        assert fits(page)
        assert page.title() == "1 of 1: which answer is better?"
        assert page.locator(".text *").count() == 0
        shown = sorted((page.locator(".text").nth(n).text_content() for n in range(3)), key=len)
        assert [len(text) for text in shown] == [1, len(prompt), LONGEST_SHOWN]
        told = page.locator(".problem").all_inner_texts()
        assert told == [f"{len(huge) - LONGEST_SHOWN:,} more characters are not shown."]
        # The direction marks of a text end with its box.
        for heading in page.locator("h1, h2").all():
            assert heading.evaluate("it => getComputedStyle(it).direction") == "ltr"
            assert heading.bounding_box()["x"] < NARROW["width"] / 4
        assert page.locator("button[value='1']").is_visible()
        press(page, "2")
        assert page.locator("h1").inner_text() == "All 1 done"
        page.context.close()
    assert all(url.startswith(address) for url in asked)
    assert len(list(read_votes(box.path))) == 1


def test_two_annotators_at_once_one_with_two_tabs_lose_no_vote(chromium: Any, tmp_path: Path) -> None:
    box = Ballot(tmp_path / "votes.sqlite", items(6), seed=0)
    with served(box) as address:
        anna, _ = opened(chromium, address, WIDE)
        ben, _ = opened(chromium, address, NARROW, java_script_enabled=False)
        enter(anna, "Anna")
        ben.get_by_label("Your name").fill("Ben")
        ben.get_by_role("button", name="Begin").click()
        tab = anna.context.new_page()
        tab.goto(address)
        for _ in range(6):
            anna.get_by_role("button", name="First is better").click()
            ben.get_by_role("button", name="Second is better").click()
            # The second tab still shows the item that the first one has voted on.
            tab.get_by_role("button", name="First is better").click()
            tab.get_by_role("status").filter(has_text="saved already").wait_for()
        assert anna.locator("h1").inner_text() == ben.locator("h1").inner_text() == "All 6 done"
        anna.go_back()
        anna.reload()
        for page in (anna, ben):
            page.context.close()
    votes = list(read_votes(box.path))
    assert Counter((vote.annotator, vote.choice == vote.shown_first) for vote in votes) == {
        ("Anna", True): 6,
        ("Ben", False): 6,
    }


def test_a_key_held_down_or_meant_for_the_page_before_votes_once(chromium: Any, tmp_path: Path) -> None:
    box = Ballot(tmp_path / "votes.sqlite", items(6), seed=0)
    with served(box) as address:
        page, _ = opened(chromium, address, WIDE)
        enter(page, "Anna")
        page.wait_for_timeout(READ_FIRST)
        page.keyboard.down("1")
        for _ in range(30):
            page.keyboard.down("1")
            page.wait_for_timeout(20)
        page.keyboard.up("1")
        page.wait_for_load_state()
        page.keyboard.press("Control+1")
        assert page.locator(".progress label").inner_text() == "1 of 6 done"
        page.context.close()
    assert len(list(read_votes(box.path))) == 1


@pytest.mark.skipif("HUMPBACK_SCREENSHOTS" not in os.environ, reason="writes pictures when HUMPBACK_SCREENSHOTS is set")
def test_pictures_for_the_documentation(chromium: Any, tmp_path: Path) -> None:
    prompt = "How do I keep basil alive on a windowsill through the winter?"
    one = (
        "Basil wants light and warmth, and a winter windowsill has little of either.\n\n1. Put it at your brightest "
        "window, away from the cold glass at night.\n2. Water when the top centimetre of soil is dry, and pour away "
        "what stands in the saucer.\n3. Pinch off the tips every week so that it does not flower.\n\nIf leaves turn "
        "yellow from below, it has had too much water."
    )
    other = "Basil is an annual plant. You can keep it on a windowsill if it gets enough sun. Water it regularly."
    rows = [[Example(f"f/{i}", prompt + "\u200b" * i, text) for i in range(40)] for text in (one, other)]
    made = join(System("x", tuple(rows[0]), ()), System("y", tuple(rows[1]), ())).items
    box = Ballot(tmp_path / "votes.sqlite", made, seed=0)
    key = box.enter("elsewhere", "Anna")
    for _ in range(12):
        place = box.place(key)
        assert place.showing is not None
        box.cast(key, place.showing.token, 1, "")
    with served(box) as address:
        for name, size, scheme in (("desktop", WIDE, "light"), ("narrow", NARROW, "dark")):
            page, _ = opened(chromium, address, size, color_scheme=scheme)
            enter(page, "Anna")
            assert page.locator(".progress label").inner_text() == "12 of 40 done"
            picture(page, name)
            page.context.close()
