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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from humpback.core.expression import FieldError
from humpback.engines.endpoint.journal import Reply, Request
from humpback.engines.endpoint.sending import changed, limit_of
from humpback.judging.configurations import configuration, folder, own_file
from humpback.judging.probabilities import FLOOR, as_alpaca_eval, mass, top_probabilities
from humpback.spec.outcomes import AlpacaEvalJudge

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


CUT = "cut at its limit of tokens"
CUT_THINKING = "cut at its limit of tokens while the model was thinking"
WITHHELD = "withheld by a content filter"
DECLINED = "the model declined"
NO_LOGPROBS = "without probabilities of its token"
NO_MASS = f"less than {FLOOR:.0%} of the probability on the tokens of a verdict"
NO_VERDICT = "no verdict in it"


@dataclass(frozen=True)
class Read:
    """A reply as it was understood."""

    preference: float | None
    """1 (first) to 2 (second); None where it cannot be parsed."""
    scores: tuple[float, float] | None = None
    """Of the answers shown first and second, where the judge gives scores."""
    mass: float | None = None
    """The probability of the tokens that it was weighed from, all together, where the judge is read by those."""
    problem: str = ""
    """Why there is no preference."""


class Annotator:
    """One configuration, ready to build requests and to read replies."""

    def __init__(
        self,
        name: str,
        model: str | None = None,
        send: tuple[tuple[str, str], ...] = (),
        drop: tuple[str, ...] = (),
    ) -> None:
        """A configuration of alpaca-eval by its name, or one in a file; with fields of the request added and left out.

        Raises:
            FieldError: for a name that alpaca-eval does not have, or a configuration that cannot be asked pair by pair.
        """
        found = configuration(name)
        settings, self.name = found.settings, found.name
        self.parser = str(settings.get("fn_completion_parser") or "regex_parser")
        kwargs: dict[str, Any] = settings.get("completions_kwargs") or {}
        self.model = model or str(kwargs.get("model_name") or "")
        if not self.model:
            raise FieldError(f"the annotator {name!r} names no model; give one (--model)")
        self._body = _body(name, kwargs)
        self.wants_logprobs = settings.get("completion_key") == "completions_all"
        self._send, self._drop = send, drop
        weights = settings.get("completion_parser_kwargs") or {}
        self._tokens = (*weights.get("denominator_tokens", ()), *((weights.get("numerator_token"),) * bool(weights)))
        self._last = weights.get("log_prob_index") == -1
        with quiet():
            from alpaca_eval.annotators.pairwise_evaluator import SinglePairwiseAnnotator

            # Without processors: they exchange answers at random, and make columns of the reply, tripping over prose.
            # Of a copy: alpaca-eval's parser puts compiled expressions into the settings that it is given.
            # Without a client: it would need the maker's package for each configuration that names another maker.
            given = {
                "fn_completions": _no_client,
                "processors_to_kwargs": {},
                "is_randomize_output_order": False,
                "prompt_template": "alpaca_eval_gpt4/alpaca_eval.txt",
            }
            try:
                self.single = SinglePairwiseAnnotator(base_dir=folder(), **{**deepcopy(settings), **given})
            except Exception as error:
                raise FieldError(f"the annotator {name!r} cannot be used by alpaca-eval: {error}") from error
        self.single.prompt_template = found.template
        self._template = self._filled_with_marks()
        self.sha256 = _digest([settings, self.single.prompt_template])

    def request(self, shown: Shown) -> Request:
        """What is sent about one pair."""
        texts = dict(zip(_FIELDS, shown, strict=True))

        def fill(text: str) -> str:
            return _MARKED.sub(lambda mark: texts[mark[1]], text).strip()

        body = {"model": self.model, **self._body}
        if isinstance(self._template, str):
            request = Request("completions", {**body, "prompt": fill(self._template)})
        else:
            messages = [{**message, "content": fill(message["content"])} for message in self._template]
            request = Request("chat/completions", {**body, "messages": messages})
        return changed(request, self._send, self._drop)

    @property
    def limit(self) -> int | None:
        """Tokens that a reply may have, as far as the judge says."""
        return limit_of(changed(Request("", self._body), self._send, self._drop).body)

    def read(self, reply: Reply) -> Read:
        """The preference in a reply, by alpaca-eval's parser. A reply that was cut is none, unless one token was all
        that was asked for; nor is one whose own tokens had next to no probability."""
        message, limit = reply.message, self.limit
        cut = message.ended == "length" or (not message.ended and limit and reply.completion_tokens >= limit)
        if message.ended in ("filter", "refusal"):
            return Read(None, problem=WITHHELD if message.ended == "filter" else DECLINED)
        if cut and limit != 1:
            return Read(None, problem=CUT_THINKING if message.thinking and not message.text.strip() else CUT)
        if self.wants_logprobs:
            return self._weighed(reply)
        with quiet():
            ((value, *_), _) = self.single._parse_completions([message.text or " "])
        preference = _preference(value)
        scores = _scores(message.text) if self.parser == "lmsys_parser" and preference is not None else None
        return Read(preference, scores, problem="" if preference is not None else NO_VERDICT)

    def _weighed(self, reply: Reply) -> Read:
        top = top_probabilities(reply, self._last)
        if top is None:
            return Read(None, problem=NO_LOGPROBS)
        own = mass(top, self._tokens)
        if own < FLOOR:
            return Read(None, mass=own, problem=NO_MASS)
        with quiet():
            ((value, *_), _) = self.single._parse_completions([{"text": reply.text, "logprobs": as_alpaca_eval(top)}])
        preference = _preference(value)
        return Read(preference, mass=own, problem="" if preference is not None else NO_VERDICT)

    def raw(self, reply: Reply) -> str:
        """The reply as it is kept in a table: its text, with the probabilities where those decide."""
        if not self.wants_logprobs:
            message = reply.message
            return message.text if message.text.strip() or not message.thinking else f"(thinking) {message.thinking}"
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


def judge_named(
    name: str,
    model: str | None = None,
    samples: int = 3,
    send: tuple[tuple[str, str], ...] = (),
    drop: tuple[str, ...] = (),
) -> AlpacaEvalJudge:
    """The judge of a configuration, with another model in the place of the configuration's where one is given, and
    fields of the request added and left out.

    Raises:
        FieldError: as `Annotator`.
    """
    annotator = Annotator(name, model, send, drop)
    return AlpacaEvalJudge(annotator.name, annotator.sha256, annotator.model, samples, send, drop)


def annotator_of(judge: AlpacaEvalJudge, files: Iterable[tuple[str, str]] = ()) -> Annotator:
    """The annotator that a judge stands for; `files` are the machine's, where a configuration of one's own is among
    them.

    Raises:
        FieldError: when there is another text under that name here.
    """
    own = dict(files).get(judge.sha256)
    annotator = Annotator(own or judge.config, judge.model, judge.send, judge.drop)
    if annotator.sha256 != judge.sha256:
        raise FieldError(
            f"{own or f'alpaca-eval has a {judge.config} that'} is {annotator.sha256} here, and {judge.sha256} was "
            "asked for; install the version that it was planned with, or name the judge anew"
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


def _body(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The request's fields that a configuration fixes; what it leaves out is as in alpaca-eval's own client. A
    configuration of one's own may have any field that its server knows."""
    said_otherwise = (*_LENGTHS, *_IGNORED, *_ALSO_IGNORED)
    body = {key: value for key, value in kwargs.items() if key not in said_otherwise}
    strange = [key for key in body if key not in (*_SENT, "functions", "function_call")]
    if strange and own_file(name) is None:
        raise FieldError(f"the annotator {name!r} sets {', '.join(strange)}, which cannot be said to an endpoint here")
    if isinstance(extra := body.pop("extra_body", None), dict):
        body |= extra
    if limit_of(body) is None:
        body = {"max_tokens": next((kwargs[key] for key in _LENGTHS if key in kwargs), 2_048), **body}
    return {"temperature": 0.7, "top_p": 1.0, **body}


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
    raise AssertionError("calls go through humpback.engines.endpoint.client")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
