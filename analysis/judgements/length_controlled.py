"""AlpacaEval 2's length-controlled win rate: what the rate would be if both answers were of the same length.

alpaca-eval fits it, with a file of the hub that says how hard each of the 805 prompts is. Nothing is downloaded here:
where that file is not in the hub's cache, what is missing is said. alpaca-eval finds a prompt's difficulty by the row's
number alone, so rows are put into the order of AlpacaEval's 805 by their texts, and other prompts are refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats import alpaca_eval
from humpback.analysis.judgements.formats.expected import ALPACA_EVAL, alpaca_eval_place
from humpback.analysis.judgements.formats.items import Judgement
from humpback.analysis.judgements.formats.source import rows_of

REPOSITORY, NEEDED = "tatsu-lab/alpaca_eval", "df_gamed.csv"
LOADS = "pip install 'humpback-harness[judges]' 'setuptools<81' (alpaca-eval 0.6.6 imports pkg_resources)"
HOW = f"bring it with: hf download --repo-type dataset {REPOSITORY} {NEEDED}"


@dataclass(frozen=True)
class Controlled:
    """One system's length-controlled win rate in percent, or why there is none."""

    name: str
    win_rate: float | None
    standard_error: float | None
    reason: str = ""


def of_files(judgements: Sequence[Judgement], files: Sequence[Path]) -> list[Controlled]:
    """One for each judgement of weighted AlpacaEval annotations, in their order."""
    weighted = [one for one in judgements if one.format == alpaca_eval.TWO]
    if not weighted:
        return []
    there = hub_file()
    return [_of(one, files, there) for one in weighted]


def hub_file() -> Path | None:
    """The file of the hub in its cache on this machine; None where it was never brought."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(REPOSITORY, NEEDED, repo_type="dataset")
    return Path(found) if isinstance(found, str) else None


def _of(one: Judgement, files: Sequence[Path], there: Path | None) -> Controlled:
    whole = sum(ALPACA_EVAL.values())

    def none(reason: str) -> Controlled:
        return Controlled(one.name, None, None, reason)

    if there is None:
        return none(f"{NEEDED} of the hub's dataset {REPOSITORY} is not in the cache of this machine; {HOW}")
    # A file is called by its folder too where several have one name.
    named = [path for path in files if one.files in ((path.name,), (f"{path.parent.name}/{path.name}",))]
    rows = [row.value for row in rows_of(named[0]).rows] if len(named) == 1 else []
    if not one.named or len({(row.get("generator_1"), row.get("generator_2")) for row in rows}) != 1:
        return none("it takes one file that names its two systems, and no others, in each row")
    places = [alpaca_eval_place(str(row.get("instruction"))) for row in rows]
    if set(places) != {*range(whole)} or len(rows) != whole:
        others = places.count(None)
        here = f"here are {len(set(places)):,}"
        told = f"{others:,} of these {len(rows):,} rows are of other prompts" if others else here
        return none(f"it is made for AlpacaEval's {whole} prompts, each once; {told}")
    ordered = [row for _, row in sorted(zip(places, rows, strict=True), key=lambda pair: pair[0] or 0)]
    try:
        found = _by_alpaca_eval(ordered, there)
    except ImportError as error:
        return none(f"alpaca-eval's own code fits it, which cannot be loaded ({error}); {LOADS}")
    except (KeyError, ValueError) as error:
        return none(f"alpaca-eval could not fit it: {error}")
    return Controlled(one.name, float(found["length_controlled_winrate"]), float(found["lc_standard_error"]))


def _by_alpaca_eval(rows: list[dict[str, Any]], there: Path) -> Any:
    with warnings.catch_warnings():
        # Its imports and scikit-learn's next version warn of what no reader of a rate can change.
        warnings.simplefilter("ignore")
        import pandas as pd
        from alpaca_eval.metrics import glm_winrate

        columns = ["preference", "output_1", "output_2", "generator_1", "generator_2", "annotator"]
        download = glm_winrate.hf_hub_download
        # alpaca-eval asks the hub for the file each time; the copy that was found is what it would get.
        glm_winrate.hf_hub_download = lambda **_: str(there)
        try:
            return glm_winrate.get_length_controlled_winrate(
                pd.DataFrame(rows)[columns],
                save_weights_dir=None,
                is_add_glm_preference_inplace=False,
                is_warn_extreme_changes=False,
            )
        finally:
            glm_winrate.hf_hub_download = download


def lines(controlled: Sequence[Controlled]) -> list[str]:
    """For the reader, one each."""
    return [
        f"{one.name}: length-controlled win rate "
        + (f"{one.win_rate:.2f} ± {one.standard_error:.2f}" if one.win_rate is not None else f"not known: {one.reason}")
        for one in controlled
    ]


def into(found: dict[str, Any], controlled: Sequence[Controlled]) -> None:
    """Add each to the system's JSON object."""
    for one in controlled:
        where = found["systems"][one.name] if "systems" in found else found
        where["length_controlled"] = {
            "win_rate": one.win_rate,
            "standard_error": one.standard_error,
            **({"missing": one.reason} if one.reason else {}),
        }
