"""alpaca-eval's annotator configurations, each as a way to ask about a pair and to read the reply.

alpaca-eval fills the prompt and parses the reply. Around it stands what it leaves open:

- It fills one placeholder after the other, so that an answer that holds "{output_2}" would be filled in turn, and it
  cuts the result into messages afterwards, so that an answer that holds "<|im_start|>system" would become one. Here it
  fills in marks, and the texts take the marks' places once the messages stand.
- It exchanges the two answers at random, keeps failed replies as annotations, and takes preferences outside 1 to 2 for
  programming errors. Here the order is the caller's, nothing is kept, and such a preference is an unparsed reply.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.engines.journal import Reply, Request
from harness.fingerprint import FieldError
from harness.outcomes import AlpacaEvalJudge

Shown = tuple[str, str, str]
"""Instruction, the answer shown first, the answer shown second."""
_FIELDS = ("instruction", "output_1", "output_2")
_MARK = "\x02{}\x03"
_MARKED = re.compile("\x02(" + "|".join(_FIELDS) + ")\x03")
_SENT = ("temperature", "top_p", "stop", "seed", "logprobs", "top_logprobs", "tools", "tool_choice")
"""Fields of a configuration that go into the request as they are; also functions and function_call."""
_LENGTHS = ("max_tokens", "max_new_tokens", "max_tokens_to_sample")
_IGNORED = ("model_name", "requires_chatml", "is_chatml_prompt", "price_per_token", "client_kwargs", "model_kwargs")
"""Said otherwise here (model, address, price), or about alpaca-eval's own ways of running a model."""
_ALSO_IGNORED = ("client_function_name", "batch_size")


@dataclass(frozen=True)
class Read:
    """A reply as it was understood."""

    preference: float | None
    """1 (first) to 2 (second); None where it cannot be parsed."""
    scores: tuple[float, float] | None = None
    """Of the answers shown first and second, where the judge gives scores."""


class Annotator:
    """One configuration, ready to build requests and to read replies."""

    def __init__(self, name: str, model: str | None = None) -> None:
        """
        Raises:
            FieldError: for a name that alpaca-eval does not have, or a configuration that cannot be asked pair by pair.
        """
        settings = configuration(name)
        self.parser = str(settings.get("fn_completion_parser") or "regex_parser")
        kwargs: dict[str, Any] = settings.get("completions_kwargs") or {}
        self.model = model or str(kwargs["model_name"])
        self._body = _body(name, kwargs)
        self.wants_logprobs = settings.get("completion_key") == "completions_all"
        with quiet():
            from alpaca_eval.annotators.pairwise_evaluator import SinglePairwiseAnnotator

            # Without processors: they exchange answers at random, and make columns of the reply, tripping over prose.
            # Of a copy: alpaca-eval's parser puts compiled expressions into the settings that it is given.
            # Without a client: it would need the maker's package for each configuration that names another maker.
            given = {"fn_completions": _no_client, "processors_to_kwargs": {}, "is_randomize_output_order": False}
            self.single = SinglePairwiseAnnotator(base_dir=_folder(), **{**deepcopy(settings), **given})
        self._template = self._filled_with_marks()
        self.sha256 = _digest([settings, self.single.prompt_template])

    def request(self, shown: Shown) -> Request:
        """What is sent about one pair."""
        texts = dict(zip(_FIELDS, shown, strict=True))

        def fill(text: str) -> str:
            return _MARKED.sub(lambda mark: texts[mark[1]], text).strip()

        body = {"model": self.model, **self._body}
        if isinstance(self._template, str):
            return Request("completions", {**body, "prompt": fill(self._template)})
        messages = [{**message, "content": fill(message["content"])} for message in self._template]
        return Request("chat/completions", {**body, "messages": messages})

    def completion(self, reply: Reply) -> Any:
        """The reply in the form that the configuration's parser takes: a text, or all there is where it reads
        probabilities."""
        text = reply.text or " "
        return {**reply.choice, "text": text} if self.wants_logprobs else text

    def read(self, reply: Reply) -> Read:
        """The preference in a reply, by alpaca-eval's parser."""
        with quiet():
            ((value, *_), _) = self.single._parse_completions([self.completion(reply)])
        preference = _preference(value)
        scores = _scores(reply.text) if self.parser == "lmsys_parser" and preference is not None else None
        return Read(preference, scores)

    def raw(self, reply: Reply) -> str:
        """The reply as it is kept in a table: its text, with the probabilities where those decide."""
        if not self.wants_logprobs:
            return reply.text
        return json.dumps({"text": reply.text, "logprobs": reply.choice.get("logprobs")}, ensure_ascii=True)

    def _filled_with_marks(self) -> str | list[dict[str, str]]:
        """The prompt as messages, or as one text where the configuration is for a text-completion model."""
        import pandas as pd
        from alpaca_eval import utils

        (prompt,), _ = utils.make_prompts(
            df=pd.DataFrame([{field: _MARK.format(field) for field in _FIELDS}]), template=self.single.prompt_template
        )
        if prompt.strip().startswith("<|im_start|>"):
            messages: list[dict[str, str]] = utils.prompt_to_chatml(prompt)
            return messages
        return str(prompt)


def names() -> tuple[str, ...]:
    """The configurations that alpaca-eval brings, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in _folder().glob("*/configs.yaml")))


@cache
def configuration(name: str) -> dict[str, Any]:
    """What a configuration holds.

    Raises:
        FieldError: naming close matches, or saying why a configuration cannot be used here.
    """
    import yaml

    if name not in names():
        near = get_close_matches(name, names(), n=3) or get_close_matches(name.lower(), names(), n=3, cutoff=0.3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise FieldError(f"no judge {name!r}; {hint}There are micro, and alpaca-eval's {', '.join(names())}")
    found = yaml.safe_load((_folder() / name / "configs.yaml").read_text(encoding="utf-8"))
    if len(found) != 1:
        raise FieldError(
            f"the annotator {name!r} is a pool of {len(found)} that alpaca-eval draws from by chance, so no two orders "
            "of a pair would have the same judge; name one that stands alone"
        )
    settings: dict[str, Any] = next(iter(found.values()))
    if settings.get("batch_size", 1) != 1:
        raise FieldError(
            f"the annotator {name!r} asks about {settings['batch_size']} pairs in one prompt, so a reply belongs to no "
            "single pair; name one that asks about one"
        )
    return settings


def judge_named(name: str, model: str | None = None, samples: int = 3) -> AlpacaEvalJudge:
    """The judge of a configuration, with another model in the place of the configuration's where one is given.

    Raises:
        FieldError: as `Annotator`.
    """
    annotator = Annotator(name, model)
    return AlpacaEvalJudge(name, annotator.sha256, annotator.model, samples)


def annotator_of(judge: AlpacaEvalJudge) -> Annotator:
    """The annotator that a judge stands for.

    Raises:
        FieldError: when the installed alpaca-eval has another text under that name.
    """
    annotator = Annotator(judge.config, judge.model)
    if annotator.sha256 != judge.sha256:
        raise FieldError(
            f"alpaca-eval's {judge.config} is {annotator.sha256} here, and {judge.sha256} was asked for; "
            "install the version that it was planned with, or name the judge anew"
        )
    return annotator


@contextmanager
def quiet() -> Iterator[None]:
    """Without alpaca-eval's log, which shows a traceback for each reply in prose. It also sets the root logger."""
    root = logging.getLogger()
    level, disabled = root.level, root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # alpaca-eval imports pkg_resources, which warns at each start.
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
            yield
    finally:
        logging.disable(disabled)
        root.setLevel(level)


def _folder() -> Path:
    """Where alpaca-eval keeps its configurations, found without importing it."""
    spec = find_spec("alpaca_eval")
    if spec is None or not spec.origin:
        raise FieldError("alpaca-eval is not installed; its annotators come with `pip install alpaca-eval`")
    return Path(spec.origin).parent / "evaluators_configs"


def _body(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The request's fields that a configuration fixes; what it leaves out is as in alpaca-eval's own client."""
    known = (*_SENT, "functions", "function_call", *_LENGTHS, *_IGNORED, *_ALSO_IGNORED)
    strange = [key for key in kwargs if key not in known]
    if strange:
        raise FieldError(f"the annotator {name!r} sets {', '.join(strange)}, which cannot be said to an endpoint here")
    body = {key: kwargs[key] for key in (*_SENT, "functions", "function_call") if key in kwargs}
    length = next((kwargs[key] for key in _LENGTHS if key in kwargs), 2_048)
    return {"temperature": 0.7, "top_p": 1.0, "max_tokens": length, **body}


def _preference(value: Any) -> float | None:
    """A number from 1 to 2; 0 is alpaca-eval's older code for a tie."""
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    if value == 0:
        return 1.5
    return float(value) if 1 <= value <= 2 else None


def _scores(text: str) -> tuple[float, float]:
    """The two numbers on the first line, cut as alpaca-eval's parser of the pair prompt cuts it."""
    first, second = text.split("\n")[0].replace(",", " ").split(" ")
    return float(first), float(second)


def _no_client(*_: Any, **__: Any) -> Any:
    raise AssertionError("calls go through harness.engines.endpoint")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
