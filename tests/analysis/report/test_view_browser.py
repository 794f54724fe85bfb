"""The pages of a store in real Chromium: they grow, nothing hostile runs, nothing is asked for elsewhere.

`HUMPBACK_SCREENSHOTS=docs/images` writes the pictures of docs/view.md there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from humpback.core.store import Store
from tests import browser
from tests.analysis.report.material import HOSTILE
from tests.analysis.report.store_material import KEY, app_of, arm, finish, run_of
from tests.browser import chromium as chromium
from tests.browser import needs_chromium

pytestmark = needs_chromium
PATIENCE = 120_000
"""Milliseconds, on a machine that is busy."""


@contextmanager
def served(store: Store) -> Iterator[str]:
    """The pages on loopback; their address."""
    with browser.served(partial(app_of, store)) as port:
        yield f"http://localhost:{port}"


def opened(chromium: Any, address: str, width: int, **more: Any) -> tuple[Any, list[str]]:
    """The store's page, and everything that should not have happened."""
    page = chromium.new_context(viewport={"width": width, "height": 800}, **more).new_page()
    page.set_default_timeout(PATIENCE)
    amiss: list[str] = []
    page.on("request", lambda asked: amiss.append(asked.url) if not asked.url.startswith((address, "data:")) else None)
    page.on("console", lambda message: amiss.append(message.text))
    page.on("pageerror", lambda error: amiss.append(str(error)))
    page.on("dialog", lambda dialog: amiss.append(dialog.message))
    page.goto(f"{address}/?key={KEY}")
    return page, amiss


def fits(page: Any) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_number_appears_without_reloading_and_leads_to_its_samples(chromium: Any, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = run_of(store)
    with served(store) as address:
        page, amiss = opened(chromium, address, 1280)
        assert page.get_by_text("No judgement is finished yet").is_visible()
        finish(store, arm(run, "M0").judged)
        page.locator("th", has_text="M0, seed 0").wait_for()
        page.get_by_role("link", name="humpback/headline").click()
        page.get_by_text("seed 0: all 28").wait_for()
        page.locator("summary", has_text="By seed").first.click()
        finish(store, arm(run, "M1").judged, 1)
        page.locator("tr", has_text="M1").get_by_text("seed 0: all 28").wait_for()
        assert page.locator("details[open] > summary", has_text="By seed").count() == 1
        page.locator("tr", has_text="M0").get_by_role("link", name="win 6").first.click()
        assert page.get_by_role("status").inner_text() == "6 samples"
        assert page.locator(".text").nth(2).text_content() == f"ours 0 {HOSTILE}"
        page.get_by_label("Verdict").select_option("flipped")
        page.get_by_role("button", name="Show").click()
        assert page.get_by_role("status").inner_text() == "5 samples"
        # What somebody reads stays where it is, and they are told.
        assert page.locator("#news").is_hidden()
        finish(store, arm(run, "M2").judged, 2)
        page.locator("#news").wait_for()
        assert page.get_by_role("status").inner_text() == "5 samples"
        assert amiss == []
        page.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_hostile_texts_are_only_text_and_nothing_overflows(chromium: Any, tmp_path: Path, width: int) -> None:
    store = Store(tmp_path)
    run = run_of(store)
    finish(store, arm(run, "M0").judged)
    with served(store) as address:
        page, amiss = opened(chromium, address, width, java_script_enabled=width > 320)  # it works without
        for path in ("/", "/report/tiny", "/samples"):
            page.goto(address + path)
            assert page.title() in ("Store " + tmp_path.name, "Humpback and AlpaGasus on tiny", "28 samples")
            assert page.locator(".text *:not(em)").count() == 0
            assert page.locator("img").count() == 0
            assert page.locator("script").count() == 1
            assert fits(page), path
        assert page.locator(".text").count() >= 40
        if width > 320:
            # Were there a script after all, the policy would stop it.
            page.evaluate(
                "() => { const one = document.createElement('script'); one.textContent = 'document.title = 1';"
                "document.body.append(one) }"
            )
            assert page.title() == "28 samples"
            assert [one for one in amiss if "Content Security Policy" not in one] == []
        else:
            assert amiss == []
        page.context.close()


@pytest.mark.skipif("HUMPBACK_SCREENSHOTS" not in os.environ, reason="writes pictures when HUMPBACK_SCREENSHOTS is set")
def test_pictures_for_the_documentation(chromium: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "artifacts")
    run = run_of(store)
    for seed in run.arms:
        for shift, name in enumerate(("M0", "M1")):
            finish(store, arm(run, name, seed).judged, shift)
    with served(store) as address:
        page, amiss = opened(chromium, address, 1100)
        folder = Path(os.environ["HUMPBACK_SCREENSHOTS"])
        page.screenshot(path=folder / "view-store.png")
        page.goto(f"{address}/samples?verdict=flipped")
        page.screenshot(path=folder / "view-samples.png")
        assert amiss == []
        page.context.close()
