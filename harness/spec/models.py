"""The vocabulary of models: a base, and what it is finetuned on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from humpback.core.expression import Artifact, Value
from humpback.spec.data import Examples
from humpback.spec.recipe import CosineTo, LinearTo, Llama, Sft, WarmStableDecay
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate, Model, Template


@dataclass(frozen=True)
class Pretrained(Model):
    """A small Llama trained from nothing: on the micro world's texts, or on whatever text there is. One artifact
    whatever the run's seed."""

    VERSION = 4
    stage = "humpback.stages.pretrain:pretrain"
    says = "a small Llama trained from nothing on the texts, {updates} updates"
    slug_format = "llama-{shape.layers}x{shape.width}-seed{seed}"

    texts: Examples
    """Read as the template writes them: an instruction, where there is one, above its output."""
    shape: Llama
    speaks: Template
    learning_rate: float
    """Peak."""
    schedule: LinearTo | CosineTo | WarmStableDecay
    beta2: float
    """AdamW's second moment; its weight decay is 0.1."""
    batch: int
    """Documents an update."""
    updates: int
    seed: int = 0
    in_order: bool = False
    """The texts are read in the order in which they stand; else shuffled."""
    shipped: str = ""
    """SHA-256 over the files of the model that this recipe gave on the machine that made it, where they come with the
    project (`harness/micro/bases`): it is then taken from there. Empty where it is trained here: another processor
    may round otherwise, so that is another model."""

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        return () if self.shipped else self.components


@dataclass(frozen=True)
class HubModel(Model):
    """A public model of the Hugging Face hub. It stays in the hub's own cache on each machine. VERSION says how its
    files are read, so that what follows from them is stale when that changes."""

    VERSION = 2
    stage = "humpback.stages.base:find_base"
    says = "the published model {repository}"

    repository: str
    """Such as "HuggingFaceTB/SmolLM2-135M"."""
    revision: str
    """The full commit."""
    speaks: Template | ChatTemplate = INSTRUCTION_RESPONSE

    @property
    def slug(self) -> str:
        return self.repository.split("/")[-1].lower()


@dataclass(frozen=True)
class FolderModel(Model):
    """A model in a folder of this machine (`Machine.files`), named by what is in it. VERSION as a hub model's."""

    VERSION = 2
    stage = "humpback.stages.base:find_base"
    says = "the model in somebody's folder {label}"
    slug_format = "{label}"

    label: str
    """The folder's name, for people."""
    sha256: str
    """SHA-256 over the checksums of its configuration, tokenizer and weights."""
    speaks: Template | ChatTemplate = INSTRUCTION_RESPONSE


@dataclass(frozen=True)
class HubRewardModel(HubModel):
    """A public reward model of the hub: sequence classification with one label, by transformers' own classes."""

    says = "the published reward model {repository}"


@dataclass(frozen=True)
class FolderRewardModel(FolderModel):
    """A reward model in a folder of this machine."""

    says = "the reward model in somebody's folder {label}"


@dataclass(frozen=True)
class Reward(Value):
    """The number that a reward model gives an answer to a prompt, on a scale of its own. As a rater it is the score; as
    a judge it prefers the answer with the greater one."""

    model: HubRewardModel | FolderRewardModel

    @property
    def slug(self) -> str:
        return "reward"


@dataclass(frozen=True)
class GgufModel(Model):
    """A model in one GGUF file of this machine (`Machine.files`). Its artifact holds it unpacked, as safetensors."""

    VERSION = 2
    stage = "humpback.stages.gguf:unpack"
    says = "the model in somebody's file {label}"
    label: str
    """The file's name, for people."""
    sha256: str
    """SHA-256 of the file."""
    speaks: Template | ChatTemplate = INSTRUCTION_RESPONSE

    @property
    def slug(self) -> str:
        return self.label.removesuffix(".gguf").lower()


@dataclass(frozen=True)
class ServedModel(Model):
    """A model behind the machine's endpoint: it writes and rates, and the template is the server's. VERSION says how
    its replies are read, so that what follows from them is stale when that changes."""

    VERSION = 3
    stage = "humpback.stages.base:name_served_model"
    says = "the model that a server calls {served_as}"

    served_as: str
    """The name by which the server is asked for it."""

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9.]+", "-", self.served_as.rsplit("/", 1)[-1].lower()).strip("-.") or "served"


@dataclass(frozen=True)
class Finetuned(Model):
    """`base` trained on `examples`. Humpback's M_t all start from the base model, never from M_{t-1}."""

    VERSION = 2
    stage = "humpback.stages.finetune:finetune"
    says = "the base finetuned on the examples"
    slug_format = "on-{examples.slug}"
    counted = "training examples"
    losses = ("cut", "no_target")

    base: Model
    examples: Examples
    recipe: Sft

    @property
    def template(self) -> Template | ChatTemplate:
        return self.base.template

    @property
    def companions(self) -> tuple[Artifact, ...]:
        return (self.base, *self.base.companions) if self.recipe.adapter else ()
