"""Models out: the exported folder loads with plain transformers and peft and writes what the model wrote before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from humpback.core.expression import Artifact
from humpback.core.store import METRICS, Store, StoreError
from humpback.export.models import export_model
from humpback.runs.build import record_of
from humpback.spec.data import Examples
from humpback.spec.models import Finetuned, HubModel, Pretrained
from humpback.spec.recipe import LinearTo, Llama, Lora, Sft
from humpback.spec.template import ChatTemplate, Template
from humpback.stages.pretrain import byte_level_bpe
from tests.conftest import MACHINE, SOURCE
from tests.harness.export.material import ALPACA, LICENCES, OASST

SHAPE = Llama(layers=1, width=16, heads=2, feed_forward=16, context=128, vocabulary=300)
ODD = Template(
    system="<<{{ '%' }}>> {system}\n", instruction="{% raw %}\\n'\"{instruction}\n# Response\u00e9\U0001f600:\n"
)
TEXTS = ["what was said, and what else was said there", "a tale of two models"]
PROMPT = ODD.prompt("what was said?")

Put = Callable[..., Path]


def pretrained(template: Template = ODD) -> Pretrained:
    return Pretrained(OASST, SHAPE, template, learning_rate=1e-3, schedule=LinearTo(), beta2=0.95, batch=2, updates=3)


def finetuned(base: Any, examples: Examples = ALPACA, adapter: Lora | None = None) -> Finetuned:
    return Finetuned(base, examples, Sft(adapter=adapter, learning_rate=2e-5))


def tokenizer(*, bos: bool = False) -> PreTrainedTokenizerFast:
    made = byte_level_bpe(TEXTS, SHAPE)
    if bos:
        made.add_special_tokens({"bos_token": "<s>"})
        made.backend_tokenizer.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", made.bos_token_id)]
        )
    return made


def llama(words: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=SHAPE.width,
            intermediate_size=SHAPE.feed_forward,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=SHAPE.context,
            initializer_range=0.5,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    ).eval()


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Publishes a model as its stage does."""
    store = Store(tmp_path / "store")
    store.prepare()

    def publish(artifact: Artifact, model: Any, words: PreTrainedTokenizerFast, extra: str = "") -> Path:
        folder = store.workspace(artifact)
        model.save_pretrained(folder)
        words.save_pretrained(folder)
        if extra:
            (folder / extra).write_bytes(b"x")
        losses = [{"step": step, "seconds": 1.0, "loss": 3.0 / step, "learning_rate": 1e-5} for step in range(1, 7)]
        (folder / METRICS).write_text("".join(json.dumps(row) + "\n" for row in losses))
        return store.publish(artifact, folder, record_of(artifact, MACHINE, SOURCE, {"in": 4}, datetime.now(UTC), 1.0))

    return publish


def writes(model: Any, words: Any) -> list[int]:
    """The tokens that the model writes after PROMPT, greedily."""
    ids = words(PROMPT, return_tensors="pt")
    found: list[int] = model.generate(**ids, max_new_tokens=12, do_sample=False)[0].tolist()
    return found


def adapted(base: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(2)
    made = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"))
    for name, weights in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights)
    return made.eval()


def test_a_whole_model_writes_the_same_outside(put: Put, tmp_path: Path) -> None:
    words = tokenizer()
    model = llama(words)
    before = writes(model, words)
    folder = put(finetuned(pretrained()), model, words)
    done = export_model(folder, tmp_path / "out", licence_of=LICENCES.get)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert writes(loaded, AutoTokenizer.from_pretrained(tmp_path / "out")) == before
    assert len(before) > len(words(PROMPT)["input_ids"]) + 2
    assert done.notices == ("learned from data under CC BY-NC 4.0: not for commercial use (alpaca)",)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"README.md", "model.safetensors", "config.json", "tokenizer.json"} <= names
    assert not names & {"record.json", METRICS}


@pytest.mark.parametrize(
    ("rope", "named"),
    [
        ({"rope_type": "default", "rope_theta": 5e5}, {"rope_theta": 5e5}),
        (
            {"rope_type": "linear", "factor": 2.0, "rope_theta": 5e5},
            {"rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
        ),
    ],
)
def test_older_readers_find_what_they_look_for(
    rope: dict[str, Any], named: dict[str, Any], put: Put, tmp_path: Path
) -> None:
    """transformers 4.57 was seen to give the same logits and tokens for Llama, Mistral, Qwen 2 and 3, GPT-NeoX, Phi,
    Phi 3, Gemma 3, OLMo 3, SmolLM3, StarCoder 2 and GPT-2; without the names it took its own positions in silence."""
    words = tokenizer()
    words.add_special_tokens({"additional_special_tokens": ["<|aside|>"]})
    model = llama(words)
    model = type(model)(LlamaConfig(**model.config.to_dict() | {"rope_parameters": rope})).eval()
    model.config.use_cache = False
    model.config.auto_map = {"AutoModelForCausalLM": "modeling_own.Own"}
    before = writes(model, words)
    export_model(put(finetuned(pretrained()), model, words), tmp_path / "out", licence_of=LICENCES.get)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config | named == config
    assert ("rope_scaling" in config) == ("rope_scaling" in named)
    assert config.keys().isdisjoint({"auto_map", "use_cache"})
    settings = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert settings["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert settings["additional_special_tokens"] == ["<|aside|>"]
    loaded, read = (
        AutoModelForCausalLM.from_pretrained(tmp_path / "out"),
        AutoTokenizer.from_pretrained(tmp_path / "out"),
    )
    assert writes(loaded, read) == before
    assert "<|aside|>" in read.all_special_tokens


def test_an_adapter_writes_the_same_outside(put: Put, tmp_path: Path) -> None:
    from peft import PeftModel

    words = tokenizer()
    plain = writes(llama(words), words)
    base = pretrained()
    base_folder = put(base, llama(words), words)
    model = adapted(llama(words))
    model.peft_config["default"].base_model_name_or_path = "/home/ada/models/base"
    before = writes(model, words)
    assert before != plain
    folder, out = put(finetuned(base, adapter=Lora(rank=2)), model, words), tmp_path / "out"
    export_model(folder, out, base_folder)
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(out / "base"), out)
    assert writes(loaded, AutoTokenizer.from_pretrained(out)) == before
    settings = json.loads((out / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == "base"
    text = (out / "README.md").read_text()
    assert 'from_pretrained("out/base")' in text
    assert "library_name: peft" in text
    for path in out.rglob("*.json"):
        assert "/home/ada" not in path.read_text()
        assert str(tmp_path) not in path.read_text()


def test_an_adapter_names_its_base_on_the_hub(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from peft import AutoPeftModelForCausalLM

    words = tokenizer()
    model = adapted(llama(words))
    before = writes(model, words)
    base = HubModel("org/base", "c" * 40, speaks=ODD)
    export_model(put(finetuned(base, adapter=Lora(rank=2)), model, words), tmp_path / "out")
    llama(words).save_pretrained(tmp_path / "org" / "base")
    words.save_pretrained(tmp_path / "org" / "base")
    monkeypatch.chdir(tmp_path)
    assert writes(AutoPeftModelForCausalLM.from_pretrained("out"), AutoTokenizer.from_pretrained("out")) == before
    assert "base_model: org/base" in (tmp_path / "out" / "README.md").read_text()


ASKED = [
    "what?",
    "{{ 7 * 7 }} {% for x in y %} {instruction} {system}",
    'it\'s "quoted" \\ and \\n',
    "two\nlines\n\n  and a tab\t",
    " \u00e9\u2028\U0001f600 ",
    "{# nothing #}",
]
SYSTEMS = ["", "Answer in the style of an AI Assistant.", "{instruction} {{ x }}\n'\""]


@pytest.mark.parametrize(
    "template", [Template(), ODD, Template(system="", instruction="{instruction}")], ids=["ours", "odd", "bare"]
)
@pytest.mark.parametrize("bos", [False, True])
def test_the_chat_template_writes_the_prompt(put: Put, tmp_path: Path, template: Template, bos: bool) -> None:
    words = tokenizer(bos=bos)
    words.chat_template = "somebody else's {{ messages }}"
    export_model(put(finetuned(pretrained(template)), llama(words), words), tmp_path / "out")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert "chat_template" in json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    for system in SYSTEMS:
        for asked in ASKED:
            said = [{"role": "system", "content": system}, {"role": "user", "content": asked}]
            prompt = template.prompt(asked, system)
            for chat in (said, said[1:])[: 1 if system else 2]:
                text = loaded.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
                assert text == ("<s>" if bos else "") + prompt
                ids = loaded.apply_chat_template(chat, add_generation_prompt=True)["input_ids"]
                assert ids == words(prompt)["input_ids"]
    whole = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    wanted = ("<s>" if bos else "") + template.prompt("q") + "a" + words.eos_token
    assert loaded.apply_chat_template(whole, tokenize=False) == wanted
    with pytest.raises(Exception, match="roles are system, user and assistant, not tool"):
        loaded.apply_chat_template([{"role": "tool", "content": "x"}], tokenize=False)


def test_the_card_says_what_it_learned_and_how_it_is_spoken_to(put: Put, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    words = tokenizer()
    folder = put(
        finetuned(HubModel("org/base", "c" * 40, speaks=replace(ODD, instruction="```\n{instruction}\n/a/b/c"))),
        llama(words),
        words,
    )
    export_model(folder, tmp_path / "out", licence_of=LICENCES.get)
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    told = ModelCard(text).data.to_dict()
    assert told["base_model"] == "org/base"
    assert told["license"] == "other"
    assert told["license_name"] == "cc-by-nc-4.0"
    assert told["library_name"] == "transformers"
    assert "finetuned from org/base" in text
    assert "**Learned from data under CC BY-NC 4.0: not for commercial use (alpaca).**" in text
    assert "- learning_rate: 2e-05" in text
    assert "- schedule: LinearTo(final=9e-06, warm_up=0.0)" in text
    assert "- adapter: none" in text
    assert "(100, 30), (800, 300)" in text
    assert json.dumps(ODD.system, ensure_ascii=False) in text
    assert "````text\n```\nName the three primary colours.\n/a/b/c\n````" in text
    assert "3 at update 1, 0.75 at update 4, 0.6 at update 5, 0.5 at update 6" in text
    assert (
        finetuned(
            HubModel("org/base", "c" * 40, speaks=replace(ODD, instruction="```\n{instruction}\n/a/b/c"))
        ).fingerprint
        in text
    )


def test_the_card_of_a_chat_model_has_its_chat_template(put: Put, tmp_path: Path) -> None:
    words, jinja = tokenizer(), "{% for m in messages %}/home/x/{{ m['content'] }}{% endfor %}"
    folder = put(finetuned(HubModel("org/base", "c" * 40, speaks=ChatTemplate(jinja))), llama(words), words)
    export_model(folder, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "after what this chat template writes" in text
    assert f"\n\n```text\n{jinja}\n```\n\n## Recipe" in text
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["chat_template"] == jinja


def test_pickles_are_refused_and_strangers_left_behind(put: Put, tmp_path: Path) -> None:
    words = tokenizer()
    for name in ("training_args.bin", "optimizer.pt"):
        folder = put(finetuned(pretrained(), OASST if name[0] == "o" else ALPACA), llama(words), words, name)
        with pytest.raises(StoreError, match=f"holds {name}"):
            export_model(folder, tmp_path / "out")
    done = export_model(put(finetuned(pretrained(Template())), llama(words), words, "notes.log"), tmp_path / "out")
    assert "left behind: notes.log" in done.notices
    assert not (tmp_path / "out" / "notes.log").exists()
    with pytest.raises(StoreError, match="there already"):
        export_model(put(pretrained(), llama(words), words), tmp_path / "out")
    export_model(put(pretrained(replace(ODD, system="")), llama(words), words), tmp_path / "out", overwrite=True)
    with pytest.raises(StoreError, match="needs no base"):
        export_model(put(pretrained(replace(ODD, system="x")), llama(words), words), tmp_path / "x", tmp_path / "out")
