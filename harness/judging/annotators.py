"""alpaca-eval's annotator configurations, each as a way to ask about a pair and to read the reply.

Prompts are alpaca-eval's, read from its files, and replies are read as it reads them (`harness/judging/parsers.py`).
None of its code runs. Around them stands what it leaves open:

- It fills one placeholder after the other, so that an answer that holds "{output_2}" would be filled in turn, and it
  cuts the result into messages afterwards, so that an answer that holds "<|im_start|>system" would become one. Here
  the prompt is cut first, and all placeholders are filled at once.
- It exchanges the two answers at random, keeps failed replies as annotations, and takes preferences outside 1 to 2 for
  programming errors. Here the order is the caller's, nothing is kept, and such a preference is an unparsed reply.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from humpback.core.expression import FieldError
from humpback.core.text import one_line
from humpback.engines.endpoint.calls import Reply, Request
from humpback.engines.endpoint.request_fields import limit_of, with_fields
from humpback.judging.configurations import configuration, own_file
from humpback.judging.pairs import Shown
from humpback.judging.parsers import UNREADABLE, bind_parser, pair_of_scores
from humpback.judging.probabilities import FLOOR, as_alpaca_eval, mass, top_probabilities
from humpback.spec.outcomes import AlpacaEvalJudge

_FIELDS = ("instruction", "output_1", "output_2")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(_FIELDS) + r")\}")
_SENT = (
    *("temperature", "top_p", "stop", "seed", "logprobs", "top_logprobs"),
    *("tools", "tool_choice", "functions", "function_call"),
)
"""Fields of a configuration that go into the request as they are."""
_OPENS, _CLOSES = "<|im_start|>", "<|im_end|>"
_LENGTHS = ("max_tokens", "max_new_tokens", "max_tokens_to_sample")
_IGNORED = (
    *("model_name", "requires_chatml", "is_chatml_prompt", "price_per_token", "client_kwargs", "model_kwargs"),
    *("client_function_name", "batch_size"),
)
"""Said otherwise here (model, address, price), or about alpaca-eval's own ways of running a model."""

CUT = "cut at its limit of tokens"
CUT_THINKING = "cut at its limit of tokens while the model was thinking"
WITHHELD = "withheld by a content filter"
DECLINED = "the model declined"
NO_LOGPROBS = "without probabilities of its token"
NO_MASS = f"less than {FLOOR:.0%} of the probability on the tokens of a verdict"
NO_VERDICT = "no verdict in it"


def verdict_of_preference(preference: float | None) -> str:
    """The verdict that a preference comes to, of the answers as they were shown."""
    if preference is None:
        return "unparsed"
    return "tie" if preference == 1.5 else "first" if preference < 1.5 else "second"


@dataclass(frozen=True)
class Reading:
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
        settings, self.name, self.template = found.settings, found.name, found.template
        self.parser = str(settings.get("fn_completion_parser") or "regex_parser")
        kwargs: dict[str, Any] = settings.get("completions_kwargs") or {}
        self.model = model or str(kwargs.get("model_name") or "")
        if not self.model:
            raise FieldError(
                f"the annotator {name!r} names no model; give one: model_name in its completions_kwargs, --model of "
                "judge, or judge_model of a setup file"
            )
        self._body = with_fields(Request("", {"model": self.model, **_body(name, kwargs)}), send, drop).body
        self.limit = limit_of(self._body)
        """Tokens that a reply may have, as far as the judge says."""
        self.wants_logprobs = settings.get("completion_key") == "completions_all"
        weights = settings.get("completion_parser_kwargs") or {}
        self._tokens = (*weights.get("denominator_tokens", ()), *((weights.get("numerator_token"),) * bool(weights)))
        self._last = weights.get("log_prob_index") == -1
        self.sha256 = _digest([settings, self.template])
        self._parse = bind_parser(self.parser, weights, f"the annotator {name!r}")
        chat = self.template.strip().startswith(_OPENS)
        self._messages = _messages(name, self.template) if chat else None

    def prompt(self, shown: Shown) -> str:
        """The prompt about one pair, as one text."""
        return _filled(self.template, shown)

    def request(self, shown: Shown) -> Request:
        """What is sent about one pair."""
        if self._messages is None:
            return Request("completions", {**self._body, "prompt": self.prompt(shown).strip()})
        messages = [{**one, "content": _filled(one["content"], shown).strip()} for one in self._messages]
        return Request("chat/completions", {**self._body, "messages": messages})

    def read(self, reply: Reply) -> Reading:
        """The preference in a reply, by the configuration's parser. A reply that was cut is none, unless one token was
        all that was asked for; nor is one whose own tokens had next to no probability."""
        message, limit = reply.message, self.limit
        cut = message.ended == "length" or (not message.ended and limit and reply.completion_tokens >= limit)
        if message.ended in ("filter", "refusal"):
            return Reading(None, problem=WITHHELD if message.ended == "filter" else DECLINED)
        if cut and limit != 1:
            return Reading(None, problem=CUT_THINKING if message.thinking and not message.text.strip() else CUT)
        own = None
        if self.wants_logprobs:
            top = top_probabilities(reply, self._last)
            if top is None:
                return Reading(None, problem=NO_LOGPROBS)
            own = mass(top, self._tokens)
            if own < FLOOR:
                return Reading(None, mass=own, problem=NO_MASS)
            preference = self.preference({"text": reply.text, "logprobs": as_alpaca_eval(top)})
        else:
            preference = self.preference(message.text or " ")
        if preference is None:
            return Reading(None, mass=own, problem=NO_VERDICT)
        return Reading(preference, pair_of_scores(message.text) if self.parser == "lmsys_parser" else None, own)

    def can_read(self, reply: Reply) -> bool:
        """Whether there is a preference in a reply."""
        return self.read(reply).preference is not None

    def preference(self, completion: Any) -> float | None:
        """What the parser finds in a completion: 1 (first) to 2 (second), where it finds one such number."""
        try:
            found = self._parse(completion)
        except UNREADABLE:
            return None
        value = found[0] if len(found) == 1 else None
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            return None
        if value == 0:  # alpaca-eval's older code for a tie
            return 1.5
        return float(value) if 1 <= value <= 2 else None

    def raw(self, reply: Reply) -> str:
        """The reply as it is kept in a table: its text, with the probabilities where those decide."""
        if not self.wants_logprobs:
            message = reply.message
            return message.text if message.text.strip() or not message.thinking else f"(thinking) {message.thinking}"
        return json.dumps({"text": reply.text, "logprobs": reply.choice.get("logprobs")}, ensure_ascii=True)


def _filled(template: str, shown: Shown) -> str:
    texts = dict(zip(_FIELDS, shown, strict=True))
    return _PLACEHOLDER.sub(lambda field: texts[field[1]], template)


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


def place_of(judge: AlpacaEvalJudge, name: str) -> tuple[tuple[str, str], ...]:
    """For `Machine.files`, where the judge of this name is of somebody's file."""
    own = own_file(name)
    return () if own is None else ((judge.sha256, str(own.resolve())),)


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


def _messages(name: str, template: str) -> list[dict[str, str]]:
    """The messages of a prompt that is marked as ChatML: <|im_start|>, a role and perhaps name=..., a line's end, the
    text, <|im_end|>."""
    found: list[dict[str, str]] = []
    for part in template.strip().split(_OPENS)[1:]:
        head, _, rest = part.partition("\n")
        text, end, after = rest.partition(_CLOSES)
        role, *fields = head.split() or [""]
        if not role or not end or after.strip() or any("=" not in field for field in fields):
            raise FieldError(
                f"the annotator {name!r}: message {len(found) + 1} of its prompt is {_OPENS}{one_line(part, 60)!r}; "
                f"it takes {_OPENS}, a role, perhaps name=..., a line's end, a text and {_CLOSES}"
            )
        found.append({"content": text.strip(), "role": role, **dict(field.split("=", 1) for field in fields)})
    return found


def _body(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The request's fields that a configuration fixes; what it leaves out is as in alpaca-eval's own client. A
    configuration of one's own may have any field that its server knows."""
    body = {key: value for key, value in kwargs.items() if key not in (*_LENGTHS, *_IGNORED)}
    strange = [key for key in body if key not in _SENT]
    if strange and own_file(name) is None:
        raise FieldError(f"the annotator {name!r} sets {', '.join(strange)}, which cannot be said to an endpoint here")
    if isinstance(extra := body.pop("extra_body", None), dict):
        body |= extra
    if limit_of(body) is None:
        body = {"max_tokens": next((kwargs[key] for key in _LENGTHS if key in kwargs), 2_048), **body}
    return {"temperature": 0.7, "top_p": 1.0, **body}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
