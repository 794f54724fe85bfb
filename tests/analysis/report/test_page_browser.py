"""The report in real Chromium, from disk: nothing is asked for, nothing overflows, nothing hostile runs, it prints.

`HUMPBACK_SCREENSHOTS=docs/images` writes the pictures of docs/report.md there, of the committed results.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.report.page import build_report
from humpback.cli.report import report
from tests.analysis.report.material import DECLARED, HOSTILE, results
from tests.browser import chromium as chromium
from tests.browser import needs_chromium

pytestmark = needs_chromium
ROOT = Path(__file__).resolve().parents[3]
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("results")
    path = root / "report.html"
    path.write_text(build_report("toy", results(root), DECLARED).html, encoding="utf-8")
    return path


def opened(chromium: Any, file: Path, width: int, **more: Any) -> tuple[Any, list[str]]:
    """The page, and everything that should not have happened."""
    page = chromium.new_context(viewport={"width": width, "height": 800}, **more).new_page()
    amiss: list[str] = []
    page.on("request", lambda asked: amiss.append(asked.url) if asked.url != file.as_uri() else None)
    page.on("console", lambda message: amiss.append(message.text))
    page.on("pageerror", lambda error: amiss.append(str(error)))
    page.on("dialog", lambda dialog: amiss.append(dialog.message))
    page.goto(file.as_uri())
    return page, amiss


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_overflows_loads_or_complains(chromium: Any, file: Path, width: int, scheme: str) -> None:
    page, amiss = opened(chromium, file, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # Text boxes hold what is in them; tables and drawings scroll in theirs.
    assert page.evaluate("[...document.querySelectorAll('.text')].every(one => one.scrollWidth <= one.clientWidth)")
    assert page.locator(".drawing svg").count() == 3
    assert all(box.bounding_box()["width"] > 200 for box in page.locator(".drawing svg").all())
    assert amiss == []
    page.context.close()


def test_a_hostile_answer_is_only_text(chromium: Any, file: Path) -> None:
    page, amiss = opened(chromium, file, 1280)
    page.evaluate(OPEN_ALL)
    text = page.locator(".text", has_text="document.title").first
    assert text.text_content() == HOSTILE
    assert text.locator("*").count() == 0
    assert page.title() == "Humpback and AlpaGasus on toy"
    assert page.locator("script, img").count() == 0
    heading = page.locator("h3").last
    assert heading.evaluate("it => getComputedStyle(it).direction") == "ltr"
    # Were there a script after all, the policy would stop it.
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'document.title = 1';"
        "document.body.append(one) }"
    )
    assert page.title() == "Humpback and AlpaGasus on toy"
    assert [one for one in amiss if "Content Security Policy" not in one] == []
    assert len(amiss) == 1
    page.context.close()


def test_every_link_of_the_contents_goes_where_it_says(chromium: Any, file: Path) -> None:
    page, amiss = opened(chromium, file, 1280)
    links = page.locator("#contents a")
    assert links.count() == 7
    for link in links.all():
        link.click()
        target = page.locator(f"[id='{page.url.split('#')[1]}']")
        top = target.evaluate("it => it.getBoundingClientRect().top")
        at_end = page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
        assert at_end or abs(top) < 40
    assert amiss == []
    page.context.close()


def test_a_shared_part_of_a_lineage_is_found_from_where_it_is_referred_to(chromium: Any, file: Path) -> None:
    page, _ = opened(chromium, file, 1280)
    summary = page.locator("summary", has_text="Lineage").first
    summary.focus()
    page.keyboard.press("Enter")
    link = page.locator(".tree a").first
    assert link.is_visible()
    link.click()
    target = page.locator(":target")
    assert target.inner_text() == link.inner_text()
    assert target.is_visible()
    page.context.close()


def test_it_works_by_keyboard(chromium: Any, file: Path) -> None:
    page, _ = opened(chromium, file, 360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the contents"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#humpback"
    wide = page.locator(".scroll[aria-label='Arms of humpback/first']")
    assert wide.evaluate("it => it.scrollWidth > it.clientWidth")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("it => it.scrollLeft > 0", arg=wide.element_handle())
    page.context.close()


def test_it_prints_with_everything_open_and_nothing_cut(chromium: Any, file: Path, tmp_path: Path) -> None:
    page, _ = opened(chromium, file, 700)
    page.emulate_media(media="print")
    assert page.locator("details").first.evaluate("it => !it.open")
    assert page.locator(".text", has_text="document.title").first.is_visible()
    cut = "[...document.querySelectorAll('.scroll')].filter(it => getComputedStyle(it).overflowX !== 'visible').length"
    assert page.evaluate(cut) == 0
    # A4 less its margins, at 96 dots an inch.
    page.set_viewport_size({"width": 688, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    page.context.close()


@pytest.mark.skipif("HUMPBACK_SCREENSHOTS" not in os.environ, reason="writes pictures when HUMPBACK_SCREENSHOTS is set")
def test_pictures_for_the_documentation(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    report("micro", ROOT / "results", file)
    for name, width in (("wide", 1280), ("narrow", 390)):
        page, amiss = opened(chromium, file, width)
        page.set_viewport_size({"width": width, "height": 1400})
        if name == "narrow":
            page.evaluate("document.getElementById('humpback-headline').scrollIntoView()")
        page.screenshot(path=Path(os.environ["HUMPBACK_SCREENSHOTS"]) / f"report-{name}.png")
        assert amiss == []
        page.context.close()
