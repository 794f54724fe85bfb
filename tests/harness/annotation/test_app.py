"""The page: blind, hostile text shown as text, forms from nowhere else, and a session through to the end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.annotation.app import SAID
from humpback.annotation.ballot import Ballot
from humpback.spec.votes import read_votes
from tests.harness.annotation.material import (
    FIRST,
    HOSTILE,
    PORT,
    SECOND,
    Browser,
    ballot,
    field,
    items,
    said,
    texts,
)


def test_a_whole_session_votes_undoes_and_ends(tmp_path: Path) -> None:
    box = ballot(tmp_path, 3)
    anna = Browser(box)
    page = anna.enter("Anna")
    assert "0 of 3 done" in page
    page = anna.vote(page, "1", "the first\r\nis shorter")
    assert (said(page), "1 of 3 done" in page) == ("Saved.", True)
    prompt = texts(page)[0]
    page = anna.vote(page, "2")
    page = anna.undo(page)
    assert (said(page), texts(page)[0]) == ("Your last vote was taken back.", prompt)
    page = anna.vote(page, "neither")
    page = anna.vote(page, "2")
    assert "All 3 done" in page
    assert "Thank you, <bdi>Anna</bdi>" in page
    votes = list(read_votes(box.path))
    assert [vote.comment for vote in votes] == ["the first\nis shorter", "", ""]
    assert votes[1].choice == "neither"
    page = anna.undo(page)
    assert "2 of 3 done" in page


def test_the_choice_belongs_to_the_answer_that_stood_there(tmp_path: Path) -> None:
    box = ballot(tmp_path, 8)
    anna = Browser(box)
    page = anna.enter("Anna")
    chosen = {}
    while "All 8 done" not in page:
        prompt, first, second = texts(page)
        position = "2" if "Long" in second else "1"
        chosen[prompt] = position
        assert "Long" in (first, second)[int(position) - 1]
        page = anna.vote(page, position)
    assert set(chosen.values()) == {"1", "2"}
    assert {vote.choice for vote in read_votes(box.path)} == {"first"}


def test_nothing_that_reaches_the_browser_names_a_system(tmp_path: Path) -> None:
    box = ballot(tmp_path, 3)
    anna = Browser(box)
    page = anna.enter("Anna")
    page = anna.undo(anna.vote(page, "1"))
    for _ in range(3):
        page = anna.vote(page, "1")
    anna.get("/?said=nonsense")
    anna.post("/vote", csrf="", token="", choice="1")
    hidden = [FIRST, SECOND, "zebra", "aardvark", "vicuna", "file/", "shown_first", "screening", str(tmp_path)]
    hidden += [item.id for item in items(3)]
    for response in [*anna.seen, *(old for one in anna.seen for old in one.history)]:
        carried = " ".join([response.text, str(response.url), str(response.headers)])
        assert not [word for word in hidden if word in carried]


def test_double_submits_and_old_pages_count_once(tmp_path: Path) -> None:
    box = ballot(tmp_path, 3)
    anna = Browser(box)
    page = anna.enter("Anna")
    assert texts(anna.get()) == texts(page)
    anna.vote(page, "1")
    after = anna.vote(page, "1")
    assert said(after) == "That vote had been saved already."
    assert "1 of 3 done" in after
    assert "Nothing was changed" in said(anna.vote(page, "2"))
    assert len(list(read_votes(box.path))) == 1
    undo_twice = anna.vote(after, "1")
    anna.undo(undo_twice)
    assert said(anna.undo(undo_twice)) == "There was nothing to take back."
    assert len(list(read_votes(box.path))) == 1


def test_a_page_of_another_annotator_in_the_same_browser_does_not_vote(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    anna = Browser(box)
    page = anna.enter("Anna")
    anna.post("/leave", csrf=field(page, "csrf"))
    anna.vote(page, "1")
    anna.enter("Ben")
    assert said(anna.vote(page, "1")) == SAID["unknown"]
    assert list(read_votes(box.path)) == []


def test_hostile_text_is_text(tmp_path: Path) -> None:
    box = Ballot(tmp_path / "votes.sqlite", items(1, hostile=True), seed=0)
    anna = Browser(box)
    page = anna.enter("<script>x</script>")
    assert HOSTILE in texts(page)
    for tag in ("<script>", "<img", "<a ", "<style>", "http://evil.test/x.png)\n</div>"):
        assert tag not in page
    assert page.count("<script") == 1
    assert '<script src="/static/keys.js" defer></script>' in page
    assert "{{ 7 * 7 }}" in page
    assert len(re.findall(r'<div class="text" dir="auto"', page)) == 3
    policy = anna.seen[-1].headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"\son\w+=|\sstyle=", re.sub(r'<div class="text".*?</div>', "", page, flags=re.S))
    done = anna.vote(page, "1", "<img src=x>")
    assert "<script>x" not in done
    assert "&lt;script&gt;x" in done


def test_an_empty_answer_says_so(tmp_path: Path) -> None:
    (item,) = items(1)
    box = Ballot(tmp_path / "votes.sqlite", [replace(item, first_output=" \n")], seed=0)
    assert "<em>(empty answer)</em>" in Browser(box).enter("Anna")


def test_forms_need_their_token_and_origin(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    anna, mallory = Browser(box), Browser(box)
    page = anna.enter("Anna")
    token, csrf = field(page[page.index('action="/vote"') :], "token"), field(page, "csrf")
    other = field(mallory.enter("Mallory"), "csrf")
    for wrong in ("", "x", other, "é"):
        anna.post("/vote", csrf=wrong, token=token, choice="1")
        assert anna.seen[-1].status_code == 403
    for origin in ("http://evil.test", "null", f"http://localhost:{PORT}", "http://127.0.0.1:1", "http://[", ""):
        anna.client.headers["origin"] = origin
        anna.post("/vote", csrf=csrf, token=token, choice="1")
        assert anna.seen[-1].status_code == 403, origin
    del anna.client.headers["origin"]
    anna.post("/vote", csrf=csrf, token=token, choice="1")
    assert anna.seen[-1].status_code == 403
    assert list(read_votes(box.path)) == []
    anna.client.headers["referer"] = f"http://127.0.0.1:{PORT}/"
    anna.post("/vote", csrf=csrf, token=token, choice="1")
    assert len(list(read_votes(box.path))) == 1


@pytest.mark.parametrize(
    ("host", "good"),
    [("127.0.0.1:8765", True), ("localhost:9000", True), ("LOCALHOST", True), ("[::1]:8765", True), ("", False),
     ("evil.test:8765", False), ("127.0.0.1.evil.test", False), ("192.168.1.5:8765", False), ("[", False)],
)  # fmt: skip
def test_only_this_machines_names_are_answered_on_loopback(tmp_path: Path, host: str, good: bool) -> None:
    browser = Browser(ballot(tmp_path))
    assert browser.client.get("/", headers={"host": host}).status_code == (200 if good else 421)


def test_off_loopback_everybody_needs_the_key_once(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    base = "http://192.168.1.5:8765"
    for path in ("/", "/?key=", "/?key=wrong", "/?key=é", "/static/page.css"):
        stranger = Browser(box, key="right-key", base=base)
        stranger.get(path)
        assert stranger.seen[-1].status_code == 403, path
        assert "Anna" not in stranger.seen[-1].text
    anna = Browser(box, key="right-key", base=base)
    anna.get("/?key=right-key")
    assert anna.seen[-1].status_code == 200
    assert "right-key" not in str(anna.seen[-1].url) + anna.seen[-1].text
    cookie = anna.seen[-1].history[0].headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    anna.vote(anna.enter("Anna"), "1")
    assert len(list(read_votes(box.path))) == 1
    named = Browser(box, key="right-key", base="http://evil.test:8765")
    named.get("/?key=right-key")
    assert named.seen[-1].status_code == 421


def test_bad_forms_are_refused_without_a_trace(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    anna = Browser(box)
    page = anna.enter("Anna")
    token, csrf = field(page[page.index('action="/vote"') :], "token"), field(page, "csrf")
    for fields, status in (
        ({"csrf": csrf, "token": token, "choice": "3"}, 422),
        ({"csrf": csrf, "token": token}, 422),
        ({"csrf": csrf, "token": token, "choice": "1", "comment": "x" * 70_000}, 413),
    ):
        anna.post("/vote", **fields)
        assert anna.seen[-1].status_code == status
    assert anna.client.post("/vote", content=b"\xff=\xfe").status_code == 400
    assert said(anna.post("/vote", csrf=csrf, token="made up", choice="1")) == SAID["unknown"]
    assert list(read_votes(box.path)) == []
    assert "A name is needed" in anna.post("/enter", csrf=csrf, name=" ")
    assert anna.seen[-1].status_code == 422


def test_pages_are_not_kept_and_cookies_are_closed_to_scripts(tmp_path: Path) -> None:
    anna = Browser(ballot(tmp_path))
    anna.get()
    headers = anna.seen[-1].headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert f"annotator-{PORT}=" in headers["set-cookie"]
    assert "httponly" in headers["set-cookie"].lower()
    for path in ("/docs", "/openapi.json", "/static/../app.py", "/static/%2e%2e/app.py"):
        assert anna.client.get(path).status_code == 404
