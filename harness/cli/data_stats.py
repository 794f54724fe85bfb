"""`humpback data stats | diversity`: looking at any set, an artifact of the store or somebody's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from humpback.cli.app import DATA, AsJson, DataFolder, command, print_json, save_figure
from humpback.cli.data import data
from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, Example, Unreadable
from humpback.core.tables import read as rows_of

Sets = Annotated[list[str], Argument(help="Artifacts, files in any known layout, or names of public files.")]


@command(to=data)
def stats(
    sets: Sets,
    tokenizer: Annotated[str | None, Option(help="Folder or hub name: lengths in tokens too.")] = None,
    markdown: Annotated[bool, Option("--markdown", help="As a Markdown table.")] = False,
    folder: DataFolder = DATA,
    as_json: AsJson = False,
) -> None:
    """Humpback's Table 1: how many examples, how long. Lengths of instruction and output as mean and deviation."""
    from humpback.analysis.datasets import corpus, corpus_tables

    tokens = _counter(tokenizer) if tokenizer else None
    found = {}
    for name, path in _each(sets, folder):
        table = _table(path)
        found[name] = (
            corpus.describe_file(table, tokens=tokens) if table else corpus.describe(_examples(path), tokens=tokens)
        )
    if as_json:
        print_json({name: asdict(one) for name, one in found.items()})
    else:
        echo(corpus_tables.as_text(found, as_markdown=markdown))


@command(to=data)
def diversity(
    sets: Sets,
    out: Annotated[Path | None, Option(help="Folder for the figure and the pairs as CSV.")] = None,
    folder: DataFolder = DATA,
) -> None:
    """Humpback's diversity figure: which verbs act on which nouns."""
    from humpback.analysis.datasets import data_figures
    from humpback.analysis.datasets import diversity as verb_noun

    for name, path in _each(sets, folder):
        table = _table(path)
        found = verb_noun.of_examples(rows_of(table, Example) if table else _examples(path))
        echo(f"{name}\n{verb_noun.as_text(found)}")
        if out is not None:
            words = f"humpback data diversity {name}"
            drawn = save_figure(data_figures.diversity_figure(found, words), out, f"{name}-diversity", words)
            (out / f"{name}-diversity.csv").write_text(verb_noun.as_csv(found), encoding="utf-8")
            echo(f"wrote {drawn}, .csv")


def _each(sets: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each set; names are told apart by a number."""
    from humpback.inputs.pull import place_of
    from humpback.spec.sources import SOURCES, public_file

    seen: Counter[str] = Counter()
    for given in sets:
        path, name = Path(given), Path(given).name.split(".")[0]
        if not path.exists():
            if given not in SOURCES and ("/" in given or "." in given):
                raise StoreError(f"{given}: there is no such file or artifact")
            path, name = place_of(public_file(given), folder), given
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}-{seen[name]}"), path


def _table(path: Path) -> Path | None:
    """The Parquet table of an artifact, or one of our own schema; None for a file to be read."""
    import pyarrow.parquet as pq

    if path.is_dir():
        if not (path / EXAMPLES).is_file():
            raise StoreError(f"{path}: no {EXAMPLES} in it, so it is no set of examples")
        return path / EXAMPLES
    if path.suffix == ".parquet" and {"instruction", "output", "source"} <= set(pq.read_schema(path).names):
        return path
    return None


def _examples(path: Path) -> Iterator[Example]:
    """A file's examples; how many rows could not be used is said on stderr."""
    from humpback.readers.sets import read_set

    aside = 0
    for row in read_set(path)[1]:
        if isinstance(row, Example):
            yield row
        else:
            aside += isinstance(row, Unreadable)
    if aside:
        echo(f"{path.name}: {aside:,} rows could not be used; humpback data read keeps them with the reason", err=True)


def _counter(name: str) -> Callable[[list[str]], list[int]]:
    from transformers import AutoTokenizer
    from transformers.utils import cached_file

    from humpback.engines.loading import TOKENIZER, keep_rules

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        file = cached_file(name, TOKENIZER, _raise_exceptions_for_missing_entries=False)
    except (OSError, ValueError) as error:
        raise StoreError(f"--tokenizer {name}: {str(error).splitlines()[0]}") from error
    if file:
        keep_rules(tokenizer, Path(file))
    return lambda texts: [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
