"""One template for training, generating and rating.

A model is spoken to in one way for its whole life. The template is a field of the base model, and every stage asks
the model's expression for it, so two stages cannot disagree. How it comes to tokens is
`harness/engines/chat/chat_format.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Artifact, Value


@dataclass(frozen=True)
class Template(Value):
    """The text around an instruction. The output follows, then the end-of-sequence token."""

    system: str = "{system}\n\n"
    """Comes first where there is a system sentence; nothing otherwise. Where Humpback puts its tag is not said: an
    assumption."""
    instruction: str = "### Instruction:\n{instruction}\n\n### Response:\n"

    def prompt(self, instruction: str, system: str = "") -> str:
        """The text before the output."""
        head = self.system.replace("{system}", system) if system else ""
        return head + self.instruction.replace("{instruction}", instruction)

    @property
    def size(self) -> int:
        """Characters around an instruction."""
        return len(self.prompt(""))


@dataclass(frozen=True)
class ChatTemplate(Value):
    """A chat model's own template, as tokenizers carry it: system, user and assistant messages with their marks."""

    jinja: str

    @property
    def size(self) -> int:
        """Characters around an instruction, about: what it writes is known with the tokenizer only."""
        return 100


INSTRUCTION_RESPONSE = Template()
"""For a base that was never spoken to. The papers do not print theirs: an assumption."""


@dataclass(frozen=True)
class Model(Artifact):
    """Any causal language model: a folder of safetensors, configuration and tokenizer."""

    @property
    def template(self) -> Template | ChatTemplate:
        """The one template of this family: what the base model `speaks`.

        Raises:
            TypeError: for a model behind a server, whose template is the server's.
        """
        speaks: Template | ChatTemplate | None = getattr(self, "speaks", None)
        if speaks is None:
            raise TypeError(f"{type(self).__name__} has no template")
        return speaks
