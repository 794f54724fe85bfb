"""What a judging command says: what will be asked and what it may cost, what is used again, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from humpback.core.machine import Machine
from humpback.core.store import Record
from humpback.core.tables import CALLS, JudgeCall, read
from humpback.engines.endpoint.connection import normal_address
from humpback.judging.endpoint_judge import Forecast
from humpback.judging.self_judging import same_model
from humpback.spec.outcomes import AlpacaEvalJudge


def forecast_lines(found: Forecast, by: AlpacaEvalJudge, machine: Machine) -> Iterator[str]:
    """Lines before the first call."""
    at = machine.endpoint
    yield (
        f"{found.prompts:,} prompts in both orders; {found.calls:,} calls to ask of {by.model} at {at.address}, "
        f"{found.answered:,} answered in earlier runs"
    )
    if found.usage.calls > found.calls:
        yield (
            f"a reply that cannot be parsed is asked for anew, {by.samples} times in all: at most "
            f"{found.usage.calls:,} calls"
        )
    yield (
        f"at most about {found.usage.prompt_tokens:,} tokens to read (estimated from lengths) and "
        f"{found.usage.completion_tokens:,} to write: {_price(found.cost, machine)}"
    )
    elsewhere = Counter[tuple[str, str]]()
    for (address, model, _), n in found.servers.items():
        if not address or normal_address(address) != normal_address(at.address):
            elsewhere[address or "an address that was not kept", model] += n
    for (address, model), n in elsewhere.items():
        yield (
            f"{n:,} of the earlier answers are by {model or by.model!r} at {address}, not at {at.address}; they are "
            "used as they are, and --ask-anew asks again"
        )


def _price(cost: float, machine: Machine) -> str:
    at = machine.endpoint
    if not at.price_in and not at.price_out:
        return "no price is given (--price-in, --price-out)"
    limit = f", limited to {at.max_cost:g}" if at.max_cost is not None else ""
    return f"at most about {cost:,.2f}{limit}"


def reuse_line(record: Record, machine: Machine) -> str:
    """Of a judgement that is finished: when it was made, and with which server where that is another."""
    address = (record.machine.get("endpoint") or {}).get("address", "")
    other = (
        ""
        if not address or normal_address(address) == normal_address(machine.endpoint.address)
        else f", with {address}"
    )
    return f"judged before ({record.finished[:16]}{other}): nothing is asked; --ask-anew judges again"


def server_lines(folder: Path, by: AlpacaEvalJudge, writers: set[str]) -> Iterator[str]:
    """Which models the server says that it is, where that is another than was asked for, several, or one that wrote
    answers."""
    models, fingerprints = Counter[str](), Counter[str]()
    for row in read(folder / CALLS, JudgeCall):
        models[row.model] += bool(row.model)
        fingerprints[row.system_fingerprint] += bool(row.system_fingerprint)
    models, fingerprints = +models, +fingerprints
    for model, n in models.items():
        if model != by.model:
            yield f"{n:,} verdicts are by {model!r}, as the server says; asked for was {by.model!r}"
        if same_model(model, writers) and not same_model(by.model, writers):
            yield f"{model!r} is also the generator of answers that it judged"
    if len(models) > 1:
        yield f"the verdicts of this table are by {len(models)} models; --ask-anew asks all of them of one"
    if len(fingerprints) > 1:
        shown = ", ".join(f"{name!r} {n:,}" for name, n in fingerprints.most_common())
        yield f"the server's configuration changed in between (system_fingerprint: {shown})"


def missing_lines(counts: dict[str, int], calls: int, by: AlpacaEvalJudge, greedy: bool) -> Iterator[str]:
    """What has no verdict, why, and what to do; and what is to be known of the rest. `calls` are the rows that were
    asked about."""
    if counts["unparsed"]:
        kinds = {"refused": "refused", "filtered": "withheld by a filter", "cut": "cut at their limit of tokens"}
        parts = [f"{counts[key]:,} {words}" for key, words in kinds.items() if counts.get(key)]
        named = sum(counts.get(key, 0) for key in kinds)
        parts += [f"{counts['unparsed'] - named:,} that cannot be parsed"] if named < counts["unparsed"] else []
        help_ = "" if named == counts["unparsed"] or greedy else (
            f"; a larger --samples (now {by.samples}) asks about those again, and no others"
        )  # fmt: skip
        help_ += "; --reply-tokens gives replies more room" if counts.get("cut") else ""
        share = counts["unparsed"] / calls if calls else 0.0
        yield f"{counts['unparsed']:,} of {calls:,} without a verdict ({share:.0%}): {', '.join(parts)}{help_}"
    if counts.get("little_mass"):
        yield (
            f"{counts['little_mass']:,} of {calls:,} replies had less than half of the probability on the tokens of a "
            "verdict: the judge wanted to write something else"
        )
    if counts.get("thinking"):
        yield (
            f"{counts['thinking']:,} answers begin with a model's thinking (<think> and its kin); they are judged as "
            "they are, thinking included"
        )
    if counts.get("mended"):
        yield f"{counts['mended']:,} requests were said otherwise, as the server wants them (`mended` in the calls)"
