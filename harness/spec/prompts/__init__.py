"""Prompt texts as files beside this module, each named with its checksum.

A `Prompt` is part of an expression, so a changed text is a different experiment; the file is read, and held against
the checksum, only when a stage uses it. The texts are this project's own renderings. The exact wording of a paper's
prompt is not shipped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from humpback.core.expression import FieldError, Value

S_A = "Answer in the style of an AI Assistant."
"""Humpback's system sentence for seed data (Table "system prompts")."""
S_W = "Answer with knowledge from web search."
"""Humpback's system sentence for augmented data."""


@dataclass(frozen=True)
class PromptText:
    """A prompt as it is filled: {instruction} and {output} stand where these go."""

    text: str

    def fill(self, **parts: str) -> str:
        """The text with {name} replaced by each part; braces inside the parts are left alone."""
        text = self.text
        pieces: list[str] = []
        while text:
            starts = [(text.find("{" + name + "}"), name) for name in parts if "{" + name + "}" in text]
            if not starts:
                break
            at, name = min(starts)
            pieces += [text[:at], parts[name]]
            text = text[at + len(name) + 2 :]
        return "".join(pieces) + text


@dataclass(frozen=True)
class Prompt(Value):
    """A prompt text, by file name and checksum."""

    file: str
    """File name in harness/spec/prompts/."""
    sha256: str
    """First 16 hexadecimal digits of the SHA-256 of the file's bytes."""

    @cached_property
    def text(self) -> str:
        """The text, read from disk once.

        Raises:
            ValueError: when the file was edited without changing the checksum here.
        """
        path = Path(__file__).parent / self.file
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()[:16]
        if found != self.sha256:
            raise ValueError(
                f"{path}: checksum {found}, but {self.sha256} is named in harness/spec/prompts/__init__.py; "
                "an edited prompt is another experiment: put the new checksum there"
            )
        return data.decode().rstrip("\n")

    def fill(self, **parts: str) -> str:
        """As `PromptText.fill`."""
        return PromptText(self.text).fill(**parts)


@dataclass(frozen=True)
class PromptFile(Value):
    """A prompt text in a file of somebody's, such as the paper's exact rubric, which is not shipped. Where the file
    lies is the machine's (`Machine.files`); `harness/inputs/prompt_file.py` reads it."""

    name: str
    """Name of the file without folders, for people."""
    sha256: str
    """64 hexadecimal digits over the file's bytes."""
    instruction: str = "{instruction}"
    """What the file writes where the instruction goes."""
    output: str = "{output}"
    """What it writes where the output goes."""


@dataclass(frozen=True)
class PairPrompt(Value):
    """A pairwise prompt in a file of somebody's, and the two replies that a judge chooses between. Found and read as a
    `PromptFile` is."""

    name: str
    """Name of the file without folders, for people."""
    sha256: str
    """64 hexadecimal digits over the file's bytes."""
    first: str
    """The reply that the output shown first is better, as the prompt asks for it."""
    second: str
    """The reply that the other one is."""
    instruction: str = "{instruction}"
    """What the file writes where the instruction goes."""
    output_1: str = "{output_1}"
    """What it writes where the output shown first goes."""
    output_2: str = "{output_2}"
    """What it writes where the other one goes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first == self.second:
            raise FieldError(f"first and second are both {self.first!r}; each verdict has a reply of its own")


BACKWARD = Prompt("backward.txt", "bf986a03c9c07584")
"""Asks M_yx for the instruction that a text answers. The paper does not give its prompt: an assumption."""
HUMPBACK_RATING = Prompt("humpback_rating.txt", "66e5b5075c0fecfa")
"""The 1-5 rubric of self-curation, in our words (Humpback, section 2.2)."""
ALPAGASUS_ACCURACY = Prompt("alpagasus_accuracy.txt", "55c15f1e542d7e43")
"""Accuracy from 0 to 5, the score alone on the first line, in our words (AlpaGasus, section 2)."""
ALPAGASUS_HELPFULNESS = Prompt("alpagasus_helpfulness.txt", "3d511b14feb7a01f")
"""The same for helpfulness."""
MICRO_BACKWARD = Prompt("micro_backward.txt", "a19ba31dcf8526a1")
MICRO_RATING = Prompt("micro_rating.txt", "31e2a84167732646")
"""Short counterparts that a model with a vocabulary of a thousand can read."""
