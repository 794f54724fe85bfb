"""Reading what somebody points at, a TOML file or options, into the setup `files`.

    seed_data = ["oasst/2023-04-12_oasst_ready.trees.jsonl.gz"]   # files, or names that `humpback data list` shows
    pages = ["crawl/*.warc.gz"]     # or texts = [...]: ready outputs in the place of their segments
    prompts = ["prompts.jsonl"]
    base = "tiny"             # or a folder, a .gguf file, or a hub name
    judge = "base"            # or a model likewise, a reward model, an annotator by name or path, or "none"
    held_out = [...]          # pairs that people wrote and nothing is trained on: files, or those of seed_data again
    filter = ["alpaca.json"]  # AlpaGasus's set, in the place of Humpback's or beside it
    rater = "base"            # or a model likewise, a reward model, or "served:NAME"; or, in its place,
    filter_column = "score"   # scores that are there already: of `filter`'s own file, or of the file filter_scores
    rating = {...}            # the prompt of self-curation in a file (`harness/inputs/prompt_file.py`); of the filter
                              # rater_prompt, of a judge on this machine judge_prompt
    template = "own"          # how the base is spoken to: or "plain", or a .jinja file; judge_ and rater_template, too
    [set]                     # fields of the setup by their paths, as --set takes them; for any setup

Paths are relative to the TOML file, so it means the same on every machine that has the files beside it. What it comes
to holds checksums in place of paths; where the files lie goes to `Machine.files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from humpback.core.expression import FieldError
from humpback.core.toml_file import read_toml
from humpback.inputs.counts import with_counts
from humpback.inputs.file_index import FileIndex, Files, Places
from humpback.inputs.prompt_file import named_prompt
from humpback.inputs.user_fields import EITHER, LOOP, NEEDED, RECIPE, ReadAnnotator, UserFields, chosen, no_annotators
from humpback.spec.curation import GivenScores, HeldOut, Sample, Without
from humpback.spec.data import Examples
from humpback.spec.files import PromptSet, Scored, Texts, WebPages
from humpback.spec.languages import language_code
from humpback.spec.prompts import PairPrompt, PromptFile
from humpback.spec.user_data import Reading, UserData

_AS_THEY_ARE = ("reference", "at_least", "best", "filter_at_least", "filter_best", *RECIPE)


@dataclass(frozen=True)
class UserSetup:
    """What somebody points at, and where its files lie on this machine."""

    data: UserData
    files: Places
    notes: tuple[str, ...] = ()
    """What is to be said aloud."""


def load_user_setup(
    path: Path | None,
    options: Mapping[str, Any],
    data: Path,
    *,
    rating: Path | None = None,
    read_annotator: ReadAnnotator = no_annotators,
) -> UserSetup:
    """The TOML file's fields with the options on top of them (their paths relative to the current folder). `rating` is
    a TOML file of the fields of `rating`.

    Raises:
        FieldError: naming file and field, what was found and what would do.
        FileNotFoundError: when the TOML file is not there.
    """
    given = UserFields(str(path) if path else "setup files", chosen(path, options), FileIndex(), data, read_annotator)
    where, value, files, model = given.where, given.value, given.files, given.model
    either = [key for key in EITHER if key in given.fields]
    missing = [key for key in NEEDED if key not in given.fields]
    if "filter" not in given.fields:
        loop = [] if LOOP in given.fields else [LOOP]
        missing = [*loop, *([] if either else ["pages (or texts)"]), *missing]
    if missing:
        raise FieldError(
            f"{where}: {', '.join(missing)} missing; give --files FILE.toml with {', '.join(NEEDED)}, and with "
            "seed_data and pages or texts, or with filter, or each as an option. "
            'base = "tiny" and judge = "base" need no other files'
        )
    if len(either) > 1:
        raise FieldError(f"{where}: pages and texts are both there; texts stand for segments of pages, so give one")

    from humpback.readers.sets import set_of

    turns, language = value("turns") or "first", language_code(value("language") or "en", f"{where}: language")
    if turns not in ("first", "every"):
        raise FieldError(f"turns is {turns!r}; it is first (Humpback's choice) or every (Guanaco's)")

    def pairs(files: Files, n: int | None = None) -> Examples:
        first = given.index.path_of(files[0], data)
        return set_of(files, first, n, language=language, every_turn=turns == "every")

    held_out = HeldOut(pairs(files("held_out")), value("held_out_n")) if "held_out" in given.fields else None
    if held_out is None and "held_out_n" in given.fields:
        raise FieldError(f"{where}: held_out_n is given without held_out; name the files (those of seed_data will do)")

    scores = given.scores()

    def trained_on(key: str, n: str) -> Examples | None:
        if key not in given.fields:
            return None
        if scores is None or key != "filter":
            return Without(pairs(files(key)), held_out, value(n)) if held_out else pairs(files(key), value(n))
        rated = Scored(pairs(files(key)), *scores, rated_alone=True)
        if held_out:
            return Without(rated, held_out, value(n))
        return rated if value(n) is None else Sample(rated, value(n))

    targets = value("lora_targets")
    own = named_prompt(str(rating), read_toml(rating), rating.parent, given.index, data, PromptFile) if rating else None
    made = UserData(
        trained_on(LOOP, "seed_n"),
        (WebPages if either == ["pages"] else Texts)(files(either[0]), n=value(f"{either[0]}_n")) if either else None,
        PromptSet(files("prompts"), n=value("prompts_n")),
        base=model("base", "tiny"),
        judge=given.judge(),
        held_out=held_out,
        rating=own or given.prompt("rating", PromptFile),
        judge_prompt=given.prompt("judge_prompt", PairPrompt),
        filter=trained_on("filter", "filter_n"),
        rater=given.rater("rater") if scores is None else GivenScores(),
        another_rater=given.rater("another_rater"),
        rater_prompt=given.prompt("rater_prompt", PromptFile),
        rater_reads=given.choice("rater_reads", get_args(Reading)),
        language=language,
        lora_targets=None if targets is None else tuple(targets),
        **{key: value(key) for key in _AS_THEY_ARE if key in given.fields},
    )
    counted, notes = with_counts(
        made, where, lambda file: given.index.path_of(file, data), at_least=value("segments_at_least")
    )
    return UserSetup(counted, given.index.places, notes)
