"""What `humpback init` asks, what it takes where nobody is asked, and what an answer may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

from typer import Option, echo, prompt

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint
from humpback.core.text import one_line
from humpback.inputs.candidates import Candidates, Kind
from humpback.inputs.user_fields import SERVED
from humpback.spec.sources import SOURCES

_PAPERS = {
    "humpback": "instructions are written for web pages, and the model selects among them",
    "alpagasus": "a rater filters a set of instructions",
}
Answer = TypeVar("Answer", str, list[str])


@dataclass(frozen=True)
class Answers:
    """What the questions would ask, by options: the fields of my.toml under their names."""

    seed_data: Annotated[list[str] | None, Option(help="Pairs that people wrote: files or public names.")] = None
    pages: Annotated[list[str] | None, Option(help="Web pages: WARC, HTML, JSON Lines, Parquet.")] = None
    texts: Annotated[list[str] | None, Option(help="Ready outputs, in place of pages.")] = None
    filter: Annotated[list[str] | None, Option(help="AlpaGasus's set, which the rater filters.")] = None
    prompts: Annotated[list[str] | None, Option(help="Prompts to answer: files or public names.")] = None
    base: Annotated[str | None, Option(help="A folder, a .gguf file, a hub name, or tiny.")] = None
    rater: Annotated[str | None, Option(help="Of the filter: a model as base, base itself, or served:NAME.")] = None
    judge: Annotated[str | None, Option(help="A model as base, base, an annotator's name or folder, or none.")] = None
    judge_model: Annotated[str | None, Option(help="Of an annotator: the name by which the server is asked.")] = None


@dataclass
class Questions:
    """What is asked, and what is answered where nobody is."""

    asking: bool
    found: Candidates
    given: dict[str, Any]
    """Answers by option."""
    folder: Path
    data: Path
    served: bool = False
    """Whether somebody behind a server was named."""

    def answers(self) -> dict[str, Any]:
        """The fields of my.toml.

        Raises:
            FieldError: where an answer cannot be, or something has none.
        """
        known = dict(self.given)
        if "texts" in known and "pages" in known:
            raise FieldError("--pages and --texts: texts stand for the segments of pages, so give one of them")
        paper = self._paper()
        if paper == "humpback" or "seed_data" in known:
            what = "instructions with outputs that people wrote"
            known["seed_data"] = self._files("seed_data", "pairs", what, ("oasst1",))
            if "texts" not in known:
                known["pages"] = self._files("pages", "pages", "web pages, for which instructions are written")
        if paper == "alpagasus" or "filter" in known:
            known["filter"] = self._files("filter", "pairs", "instructions with outputs, to be filtered", ("alpaca",))
        known["prompts"] = self._files("prompts", "prompts", "prompts that models are compared on", ("alpaca-eval",))
        models = [one.name for one in self.found.of("model")]
        hint = f"{', '.join([*models, *_cached()])}, a hub name, or tiny (trained from nothing in minutes)"
        known["base"] = self._one("base", f"the model that is finetuned: {hint}", models[0] if models else "tiny")
        if "filter" in known:
            known["rater"] = self._one("rater", f"who rates the set: base (itself), {SERVED}NAME, or {hint}", "base")
        kinds = "an annotator of alpaca-eval such as alpaca_eval_gpt4 (behind a server), or none (judged later)"
        known["judge"] = judge = self._one("judge", f"who judges: base (itself), {kinds}, or {hint}", "base")
        annotator = "/" not in judge and judge not in ("base", "none") and not (self.folder / judge).exists()
        if annotator and self.asking and "judge_model" not in known:
            words = "judge_model: the name by which the server is asked for it (- for the annotator's own)"
            if (model := self._asked(words, "-", str)) != "-":
                known["judge_model"] = model
        self.served = annotator or known.get("rater", "").startswith(SERVED)
        return {name: known[name] for name in (one.name for one in fields(Answers)) if name in known}

    def address(self) -> str:
        """Of the server of those who are named."""
        if self.asking:
            return self._asked("address of the server (OpenAI's protocol)", Endpoint.address, lambda one: str(one))
        echo(f"server: {Endpoint.address}; --base-url names another")
        return Endpoint.address

    def _paper(self) -> str:
        """Which of the two papers' questions is asked."""
        if any(name in self.given for name in ("seed_data", "pages", "texts")):
            return "humpback"
        if "filter" in self.given:
            return "alpagasus"
        default = "humpback" if self.found.of("pages") or not self.found.of("pairs") else "alpagasus"
        if not self.asking:
            return default

        def read(said: str) -> str:
            if said not in _PAPERS:
                raise FieldError(f"{said!r} is none of {', '.join(_PAPERS)}")
            return said

        return self._asked(f"what is tried: {'; '.join(f'{k} ({v})' for k, v in _PAPERS.items())}", default, read)

    def _files(self, name: str, kind: Kind, what: str, public: tuple[str, ...] = ()) -> list[str]:
        if name in self.given:
            return self._there(name, self.given[name])
        pulled = [one for one in public if self._pulled(one)]
        lying = [one.name for one in self.found.of(kind)]
        default = lying if kind == "pages" else (sorted(lying, key=lambda one: _unlike(one, name)) + pulled)[:1]

        def read(said: str) -> list[str]:
            return self._there(name, [one.strip() for one in said.split(",") if one.strip()])

        if self.asking:
            return self._asked(f"{name}: {what} (commas between several)", ", ".join(default), read)
        if not default:
            pull = f", or bring a public set: humpback data pull {public[0]}" if public else ""
            raise FieldError(
                f"{name}: {self.folder} holds no {what}; give --{name.replace('_', '-')} FILE{pull}. "
                "humpback show FILE says what a file is taken for"
            )
        echo(f"{name}: {', '.join(default)}")
        return default

    def _one(self, name: str, what: str, default: str) -> str:
        if name in self.given:
            return str(self.given[name])
        if self.asking:
            return self._asked(f"{name}: {what}", default, str)
        echo(f"{name}: {default}")
        return default

    def _asked(self, words: str, default: str, read: Callable[[str], Answer]) -> Answer:
        while True:
            said = str(prompt(one_line(words), default=default or None)).strip()
            try:
                if found := read(said):
                    return found
            except FieldError as error:
                echo(str(error), err=True)

    def _there(self, name: str, patterns: Sequence[str]) -> list[str]:
        """The files, if all of them are there or are public ones."""
        for one in patterns:
            inside = (self.folder / one).exists() or any(self.folder.glob(one)) if not Path(one).is_absolute() else None
            if not (Path(one).exists() if inside is None else inside or one in SOURCES):
                raise FieldError(f"{name}: there is no file {self.folder / one}, and no public set of that name")
        return list(patterns)

    def _pulled(self, name: str) -> bool:
        from humpback.inputs.pull import status

        return any(one.path is not None and not one.problem for one in status(self.data, [SOURCES[name]]))


def _unlike(file: str, field: str) -> tuple[bool, str]:
    """For sorting: a file that is called after the field comes first."""
    words = {
        "seed_data": ("seed", "oasst", "dolly", "lima"),
        "filter": ("alpaca", "filter", "train"),
        "prompts": ("eval", "test", "prompt"),
    }[field]
    return not any(word in file.lower() for word in words), file


def _cached() -> list[str]:
    """Some models of the hub that lie here already."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):
        return []
    return sorted(one.repo_id for one in repos if one.repo_type == "model" and one.size_on_disk > 10_000_000)[:5]
