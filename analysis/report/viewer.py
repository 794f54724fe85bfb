"""The pages of `humpback view`: what lies in a store, the report of each setup, and the samples behind each number.

Pages are made here and work without JavaScript; the script looks whether the store has changed. Nothing is loaded
from elsewhere, and every text is shown as the characters that a model wrote, not as Markdown: it can run nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request

from humpback.analysis.layout.text_table import between
from humpback.analysis.report.judged_samples import BESIDE_FILTERS, beside
from humpback.analysis.report.page import STATIC, SampleLink, Served, environment, report_of
from humpback.analysis.report.provenance import duration
from humpback.analysis.report.sample_page import sample_page
from humpback.analysis.report.store_view import StoredExperiment, StoredJudgement, StoreView, places
from humpback.analysis.report.verdicts import kind_of, tally
from humpback.analysis.tables.cells import number
from humpback.core.errors import HumpbackError
from humpback.core.store import RECORD

POLICY = (
    "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the pages may load. Figures have styles in their attributes."""
_MOST = 200
"""Judgements in the table of a store."""

Guarding = Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]


def create_app(view: StoreView, guard: Guarding) -> FastAPI:
    """The pages of one store. `guard` stands before every request."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.middleware("http")(guard)
    app.mount("/static", StaticFiles(directory=STATIC))
    pages = environment()
    pages.globals.update(number=number, between=between, duration=duration)
    name = view.store.root.resolve().name

    def page(template: str, here: str, among: dict[str, StoredExperiment], **values: Any) -> Response:
        shared = {"store": name, "here": here, "setups": _setups(among), **_now(view)}
        return HTMLResponse(pages.get_template(template).render(**shared, **values))

    @app.exception_handler(HumpbackError)
    def unreadable(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"This page cannot be made: {error}", 500)

    @app.get("/")
    def store() -> Response:
        judgements, experiments = view.judgements(), view.experiments()
        at = places(experiments)
        return page(
            "store.html",
            "/",
            experiments,
            kinds=_kinds(view),
            unusable=view.unusable,
            experiments=[
                (one, tally(kind_of(line.verdict) for line in one.files.comparisons)) for one in experiments.values()
            ],
            judgements=[(one, at.get(one.id, ())) for one in list(judgements.values())[:_MOST]],
            more=max(0, len(judgements) - _MOST),
        )

    @app.get("/report/{setup}")
    def report(setup: str) -> Response:
        experiments, judgements = view.experiments(), view.judgements()
        those = {one.name: one for one in experiments.values() if one.setup == setup}
        if not those:
            return PlainTextResponse(f"Nothing was run on {setup} in this store.", 404)
        served = Served(
            name,
            _setups(experiments),
            view.state(),
            {one.name: _links(one, judgements) for one in those.values()},
            {one.name: f"{one.finished} of {one.stages} made" for one in those.values() if one.live},
        )
        return HTMLResponse(report_of(setup, {name: one.files for name, one in those.items()}, served=served).html)

    @app.get("/samples")
    def samples(request: Request) -> Response:
        experiments = view.experiments()
        values = sample_page(view.judgements(), experiments, dict(request.query_params))
        return page("samples.html", "/samples", experiments, **values)

    @app.get("/now")
    def now() -> Response:
        return HTMLResponse(pages.get_template("now.html").render(**_now(view)))

    return app


def _now(view: StoreView) -> dict[str, Any]:
    return {"state": view.state(), "making": view.making()}


def _setups(experiments: dict[str, StoredExperiment]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.setup for one in experiments.values()))


def _kinds(view: StoreView) -> list[tuple[str, int]]:
    """How many artifacts of each class are finished."""
    folders = [one for one in sorted(view.store.root.glob("*")) if one.is_dir() and one.name != "results"]
    counts = [(one.name, sum(1 for _ in one.glob(f"*/{RECORD}"))) for one in folders if not one.name.startswith(".")]
    return [(name, n) for name, n in counts if n]


def _links(one: StoredExperiment, judgements: dict[str, StoredJudgement]) -> dict[str, Sequence[SampleLink]]:
    links: dict[str, Sequence[SampleLink]] = {
        arm: tuple(SampleLink(seed, judged, _counts(judgements.get(judged))) for seed, judged in by_seed.items())
        for arm, by_seed in one.judged.items()
    }
    for line in one.files.comparisons:
        first, second = one.judged.get(line.first, {}), one.judged.get(line.second, {})
        if both := [seed for seed in first if seed in second and line.first != line.second]:
            links[f"{line.first} – {line.second}"] = tuple(
                SampleLink(seed, first[seed], _beside(judgements, first[seed], second[seed]), second[seed])
                for seed in both
            )
    return links


def _beside(judgements: dict[str, StoredJudgement], first: str, second: str) -> tuple[tuple[str, int], ...]:
    """Prompts on which the first fared otherwise than the second."""
    if first not in judgements or second not in judgements:
        return ()
    others = {item.prompt: item for item in judgements[second].items}
    fared = [beside(item, others.get(item.prompt)) for item in judgements[first].items]
    return tuple((name, fared.count(name)) for name in BESIDE_FILTERS)


def _counts(judged: StoredJudgement | None) -> tuple[tuple[str, int], ...]:
    """Prompts by the names of the filters."""
    if judged is None:
        return ()
    of = judged.numbers
    flipped, unparsed = sum(bool(one.flipped) for one in judged.items), sum(bool(one.unparsed) for one in judged.items)
    counts = (("win", of.wins), ("tie", of.ties), ("lose", of.losses), ("flipped", flipped), ("unparsed", unparsed))
    return (("all", len(judged.items)), *(pair for pair in counts if pair[1]))
