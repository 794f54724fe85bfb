"""The pages of a store: numbers that grow, the samples behind each, filters, and who may see them."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from humpback.analysis.report.sample_page import EACH, LONGEST
from humpback.core.store import METRICS, Store
from humpback.core.tables import EXAMPLES, Example
from tests.analysis.measures.stored import recorded, stored
from tests.analysis.report.material import HOSTILE, results
from tests.analysis.report.store_material import KEY, PORT, PROMPTS, app_of, arm, finish, reader, run_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def words(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def texts(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<div class="text"[^>]*>(.*?)</div>', page, re.S)]


def shown(client: TestClient, query: str) -> list[str]:
    """Ids of the prompts on a page of samples."""
    page = client.get(f"/samples?{query}").text
    return re.findall(r'<section class="one".*?<bdi>(p\d+)</bdi>', page, re.S)


def total(client: TestClient, query: str) -> int:
    found = re.search(r'role="status"><b>([\d,]+)</b>', client.get(f"/samples?{query}").text)
    assert found
    return int(found[1])


def test_an_empty_store_says_so_and_what_fills_it(store: Store) -> None:
    client = reader(store)
    page = words(client.get("/").text)
    assert "Nothing is finished in it yet" in page
    assert "humpback run and humpback judge make them" in page
    assert "No judgement is finished yet" in words(client.get("/samples").text)
    assert client.get("/report/micro").status_code == 404


def test_the_report_grows_while_the_run_goes_on(store: Store) -> None:
    run = run_of(store)
    client = reader(store)
    before = client.get("/").text
    state = re.search(r'data-state="(\w+)"', before)
    assert "humpback/headline" in before
    assert "0 of " in words(before)
    report = words(client.get("/report/tiny").text)
    assert "Numbers so far: 0 of" in report
    assert "not made" in report
    assert "seed 0: not judged yet" in report

    for name, shift in (("M0", 1), ("M1", 0)):
        finish(store, arm(run, name).judged, shift)
    after = client.get("/now").text
    assert state
    assert f'data-state="{state[1]}"' not in after
    report = client.get("/report/tiny").text
    assert "M1 – M0" in words(report)
    assert "seed 0: all 28 , win 6 , tie 11 , lose 6 , flipped 5 , unparsed 5" in words(report)
    assert "cannot be told" in words(report)
    assert "A verdict drawn before the end may turn" in words(report)


def test_each_number_leads_to_as_many_samples(store: Store) -> None:
    run = run_of(store)
    for seed in run.arms:
        finish(store, arm(run, "M1", seed).judged, seed)
    finish(store, arm(run, "M2").against(arm(run, "M0")))
    client = reader(store)
    links = 0
    for page in (client.get("/").text, client.get("/report/tiny").text):
        for address, said in re.findall(r'<a href="/samples\?(arm=[^"]*)">[a-z ]*([\d,]+)</a>', page):
            assert total(client, unescape(address)) == int(said), address
            links += 1
    assert links > 20
    assert "M2 against M0" in words(client.get("/report/tiny").text)


def test_a_difference_of_two_arms_leads_to_the_prompts_that_make_it(store: Store) -> None:
    run = run_of(store)
    first, second = (finish(store, arm(run, name).judged, shift) for shift, name in enumerate(("M1", "M0")))
    client = reader(store)
    page = client.get("/report/tiny").text
    assert "M1 – M0 seed 0: better 6 , worse 11" in words(page)
    pair = f"arm={first.fingerprint[:16]}&than={second.fingerprint[:16]}"
    assert total(client, f"{pair}&verdict=better") == 6
    assert total(client, f"{pair}&verdict=worse") == 11
    assert "The verdict 'better' takes another arm to compare with." in words(
        client.get("/samples?verdict=better").text
    )


def test_a_sample_has_prompt_both_answers_both_verdicts_and_the_raw_replies(store: Store) -> None:
    run = run_of(store)
    judged = finish(store, arm(run, "M1").judged)
    client = reader(store)
    page = client.get(f"/samples?arm={judged.fingerprint[:16]}&verdict=win").text
    assert texts(page)[:6] == [
        f"Prompt 0? {HOSTILE}",
        "Be <i>brief</i>",
        f"ours 0 {HOSTILE}",
        f"theirs 0 {HOSTILE}",
        f"<b>reply</b> 0 ab {HOSTILE}",
        f"<b>reply</b> 0 ba {HOSTILE}",
    ]
    said = words(re.sub(r'<div class="text".*?</div>', "", page, flags=re.S))
    assert "M1, seed 0" in said
    assert "Shown first: win" in said
    assert "Shown second: win" in said
    assert "model served-model · preference 1 (1 the first, 2 the second) · tokens 120 in, 7 out" in said
    for marks in ("<script>", "<img", "javascript:alert(1)'>"):
        assert marks not in re.sub(r'<script src="/static/view.js" defer></script>', "", page)


def test_filters_by_arm_verdict_length_and_set(store: Store) -> None:
    run = run_of(store)
    for seed in run.arms:
        for shift, name in enumerate(("M0", "M1")):
            finish(store, arm(run, name, seed).judged, shift)
    client = reader(store)
    one = f"arm={arm(run, 'M0').judged.fingerprint[:16]}"
    assert total(client, "") == 4 * PROMPTS
    assert total(client, "of=tiny/humpback/headline") == 4 * PROMPTS
    assert total(client, one) == PROMPTS
    assert shown(client, f"{one}&verdict=win") == ["p0", "p5", "p10", "p15", "p20", "p25"]
    assert shown(client, f"{one}&verdict=flipped") == ["p3", "p8", "p13", "p18", "p23"]
    assert shown(client, f"{one}&verdict=unparsed") == ["p4", "p9", "p14", "p19", "p24"]
    assert shown(client, f"{one}&length=as-long") == ["p10"]
    assert shown(client, f"{one}&length=shorter&most=12") == ["p0", "p1", "p2"]
    assert shown(client, f"{one}&least=36") == ["p26", "p27"]
    assert shown(client, f"{one}&set=riddles&least=33&length=longer") == ["p23", "p25", "p27"]
    assert total(client, f"{one}&set=sums") == PROMPTS // 2
    # Several systems' answers to a prompt follow each other.
    assert shown(client, "verdict=win&least=10&most=13")[:2] == ["p0", "p0"]


def test_pages_go_through_all_and_a_prompt_stands_alone_by_its_address(store: Store) -> None:
    run = run_of(store)
    one = f"arm={finish(store, arm(run, 'M0').judged).fingerprint[:16]}"
    client = reader(store)
    seen = [prompt for page in (1, 2, 3) for prompt in shown(client, f"{one}&page={page}")]
    assert seen == [f"p{i}" for i in range(PROMPTS)]
    assert shown(client, f"{one}&page=99") == seen[2 * EACH :]
    page = client.get(f"/samples?{one}").text
    assert '<a href="/samples?arm=' in page
    (address,) = {unescape(found) for found in re.findall(r'href="(/samples\?[^"]*prompt=p3)"', page)}
    assert shown(client, address.partition("?")[2]) == ["p3"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("verdict=won", "verdict is 'won'; it is one of win, tie, lose, unparsed, flipped, better, worse."),
        ("length=long", "length is 'long'; it is one of longer, shorter, as-long."),
        ("least=few", "least is 'few'; it takes a number of characters, such as 200."),
        ("most=-1", "most is '-1'; it takes"),
        ("arm=<script>", "The judgement '<script>' is not in the store, or not finished."),
        ("of=micro/x/y", "Nothing was run as 'micro/x/y' in this store."),
        ("page=nine&nonsense=1", "28 samples, page 1 of 3"),
        ("set=<b>", "No prompt is so. Take a filter away."),
    ],
)
def test_what_cannot_be_asked_is_said(query: str, says: str, store: Store) -> None:
    finish(store, arm(run_of(store), "M0").judged)
    reply = reader(store).get(f"/samples?{query}")
    assert reply.status_code == 200
    assert says in words(reply.text)
    assert "'<script>'" not in reply.text


def test_answers_that_are_gone_long_or_empty_and_a_damaged_judgement_are_told(store: Store) -> None:
    run = run_of(store)
    gone = finish(store, arm(run, "M0").judged, answers=False)
    answers = arm(run, "M1").judged.answers
    rows = [Example(f"p{i}", "Why?", "x" * (LONGEST + 7) if i else " ", source="s") for i in range(PROMPTS)]
    stored(store, answers, rows)
    there = finish(store, arm(run, "M1").judged)
    bad = finish(store, arm(run, "M2").judged)
    (store.folder(bad) / "verdicts.parquet").write_bytes(b"PAR1 no more")
    client = reader(store)
    page = words(client.get(f"/samples?arm={gone.fingerprint[:16]}").text)
    assert "No longer in the store." in page
    page = words(client.get(f"/samples?arm={there.fingerprint[:16]}").text)
    assert "7 more characters are not shown." in page
    assert "(empty)" in page
    page = client.get(f"/samples?arm={there.fingerprint[:16]}&prompt=p1").text
    assert len(texts(page)[1]) == LONGEST + 7
    told = words(client.get("/").text)
    assert "verdicts.parquet" in told
    assert total(client, "") == 2 * PROMPTS


def test_what_a_run_wrote_at_its_end_takes_the_place_of_the_numbers_so_far(store: Store) -> None:
    run = run_of(store)
    finish(store, arm(run, "M0").judged)
    folder = results(store.root / "results")
    place = store.root / "results" / "tiny" / "humpback" / "headline"
    place.parent.mkdir(parents=True)
    (folder / "humpback" / "first").rename(place)
    (place / "made.json").write_text(json.dumps({"question": "Is it over? It is.", "seeds": [0]}))
    client = reader(store)
    page = client.get("/report/tiny").text
    assert "Numbers so far" not in page
    assert "Is it over?" in page
    assert '<svg viewBox="' in page
    assert "seed 0: all 28" in words(page)
    # Results of which no run is known.
    assert "alpagasus/second" in words(client.get("/report/toy").text)
    assert "results alone" in words(client.get("/").text)
    (folder / "alpagasus" / "second" / "measures.csv").write_bytes(b"\xff\xfe")
    reply = client.get("/")
    assert reply.status_code == 500
    assert reply.text.startswith("This page cannot be made: ")
    assert "measures.csv" in reply.text


def test_what_is_being_made_is_told_and_what_its_maker_left(store: Store) -> None:
    from humpback.core import attempts

    run = run_of(store)
    model = arm(run, "M0").model
    store.prepare()
    client = reader(store)
    with store.lock(model):
        attempts.begin(store, recorded(model, {}))
        work = store.workspace(model)
        (work / METRICS).write_text('{"step": 3, "seconds": 1.5, "loss": 2.25}\n')
        page = words(client.get("/now").text)
        assert f"making {model.name.rsplit('-', 1)[0]} step 3; seconds 1.5; loss 2.25 last sign of life" in page
    page = words(client.get("/now").text)
    assert page.startswith(f"stopped {model.name.rsplit('-', 1)[0]}")
    assert "its maker died" in page


def test_only_whoever_has_the_address_comes_in_and_only_by_this_machine_s_name(store: Store) -> None:
    finish(store, arm(run_of(store), "M0").judged)
    stranger = TestClient(app_of(store), base_url=f"http://localhost:{PORT}")
    for address in ("/", "/samples", "/now", "/report/tiny", "/static/view.js", "/?key=other"):
        reply = stranger.get(address)
        assert reply.status_code == 403, address
        assert "p0" not in reply.text
    known = reader(store)
    for host in ("evil.test", "evil.test:8766", "10.0.0.1:8766", "localhost.evil.test", ""):
        assert known.get("/samples", headers={"host": host}).status_code == 421, host
    for host in ("localhost:9", "127.0.0.1:8766", "[::1]:8766"):
        assert known.get("/samples", headers={"host": host}).status_code == 200, host
    assert known.post("/samples").status_code == 403
    assert known.post("/samples", headers={"origin": f"http://localhost:{PORT}"}).status_code == 405


def test_nothing_is_loaded_from_elsewhere_and_nothing_of_the_store_is_written(store: Store) -> None:
    run = run_of(store)
    finish(store, arm(run, "M0").judged)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    client = reader(store)
    for address in ("/", "/samples", "/report/tiny", "/now"):
        reply = client.get(address)
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline'; script" in policy  # of attributes alone
        assert "http" not in policy
        page = re.sub(r'<div class="text".*?</div>', "", reply.text, flags=re.S)
        assert not re.findall(r'(?:src|href)="(?!/|#|data:,|")', page), address
        assert not re.search(r"<script(?! src=)|<style|\son\w+=", page), address
    for name in ("view.js", "view.css", "page.css"):
        assert "://" not in client.get(f"/static/{name}").text
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before
    assert KEY not in client.get("/").text
    assert (store.root / "responses").is_dir()
    assert list((store.root / "responses").glob(f"*/{EXAMPLES}"))
