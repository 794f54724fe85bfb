"""The annotation page: one prompt, two answers, three choices.

Pages are made here and work without JavaScript; the script adds keys. Nothing that names a system, a file or an item
reaches the browser: a form carries the random token of its showing. Answers are shown as the characters that the model
wrote, not as Markdown: that cannot run or load anything, and shows no system as tidier than it is.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from humpback.annotation.ballot import LONGEST_COMMENT, LONGEST_NAME, Ballot
from humpback.annotation.guard import LONGEST_FORM, Guard

# No deferred annotations in this module: FastAPI has to resolve those of the functions inside `create_app`.
_HERE = Path(__file__).parent
POSITIONS: dict[str, Literal[1, 2] | None] = {"1": 1, "2": 2, "neither": None}
"""What the three buttons send."""
SAID = {
    "saved": "Saved.",
    "again": "That vote had been saved already.",
    "other": "That one had been voted on or taken back already, perhaps in another window. Nothing was changed.",
    "quick": "That was too quick to have been read, so it was not counted.",
    "unknown": "That page was opened under another name or before a restart. Nothing was counted.",
    "undone": "Your last vote was taken back.",
    "not-undone": "There was nothing to take back.",
}
"""What a page can say of the request before it."""
LONGEST_SHOWN = 100_000
"""Characters of a text that are shown; browsers take ten seconds for a megabyte. How many are left out is said."""
_CSRF = b"form of the annotation page:"


def create_app(ballot: Ballot, guard: Guard) -> FastAPI:
    """The page of one ballot. `guard` stands before every request."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.middleware("http")(guard)
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.globals.update(longest_name=LONGEST_NAME, longest_comment=LONGEST_COMMENT, longest_shown=LONGEST_SHOWN)
    cookie = guard.cookie("annotator")

    def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
        visitor = request.cookies.get(cookie) or secrets.token_urlsafe(24)
        html = pages.get_template(template).render(csrf=_csrf(visitor), **values)
        response = HTMLResponse(html, status)
        if cookie not in request.cookies:
            response.set_cookie(cookie, visitor, max_age=90 * 86_400, httponly=True, samesite="lax")
        return response

    async def form(request: Request) -> dict[str, str]:
        """The fields of a form that this browser got from here."""
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_FORM:
                raise HTTPException(413, "The form is too long.")
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
        except ValueError as error:
            raise HTTPException(400, "This is no form.") from error
        visitor = request.cookies.get(cookie)
        if visitor is None or not secrets.compare_digest(fields.get("csrf", "").encode(), _csrf(visitor).encode()):
            raise HTTPException(403, "This form is not from this page. Open the page anew; cookies must be allowed.")
        return fields

    Fields = Annotated[dict[str, str], Depends(form)]

    def who(request: Request) -> tuple[str, str] | None:
        visitor = request.cookies.get(cookie)
        return ballot.annotator(visitor) if visitor else None

    def back(said: str) -> Response:
        return RedirectResponse(f"/?said={said}", 303)

    @app.get("/")
    def show(request: Request, said: str = "") -> Response:
        annotator = who(request)
        if annotator is None:
            return page(request, "enter.html", problem="", name="")
        key, name = annotator
        place = ballot.place(key)
        values: dict[str, Any] = {"name": name, "place": place, "said": SAID.get(said, "")}
        return page(request, "vote.html" if place.showing else "done.html", **values)

    @app.post("/enter")
    def enter(request: Request, fields: Fields) -> Response:
        name = fields.get("name", "")
        try:
            ballot.enter(request.cookies[cookie], name)
        except ValueError as error:
            return page(request, "enter.html", 422, problem=str(error), name=name[:LONGEST_NAME])
        return RedirectResponse("/", 303)

    @app.post("/leave")
    def leave(request: Request, fields: Fields) -> Response:
        ballot.leave(request.cookies[cookie])
        return RedirectResponse("/", 303)

    @app.post("/vote")
    def vote(request: Request, fields: Fields) -> Response:
        annotator = who(request)
        if annotator is None:
            return back("unknown")
        choice = fields.get("choice", "")
        if choice not in POSITIONS:
            raise HTTPException(422, "choice is 1, 2 or neither")
        comment = fields.get("comment", "").replace("\r\n", "\n").strip()
        return back(ballot.cast(annotator[0], fields.get("token", ""), POSITIONS[choice], comment))

    @app.post("/undo")
    def undo(request: Request, fields: Fields) -> Response:
        annotator = who(request)
        done = annotator is not None and ballot.undo(annotator[0], fields.get("token", ""))
        return back("undone" if done else "not-undone")

    return app


def _csrf(visitor: str) -> str:
    """What forms carry: it follows from a cookie that no script can read, so no other site can know it."""
    return hashlib.sha256(_CSRF + visitor.encode()).hexdigest()
