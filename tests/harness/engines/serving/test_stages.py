"""What stages write through a server that the harness starts: probabilities, verdicts, instructions, adapters."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import exp
from pathlib import Path

import pytest
import torch

from humpback.core.expression import FieldError
from humpback.core.machine import Server, load_machine
from humpback.core.store import CHECKPOINTS, StoreError
from humpback.core.tables import RATINGS, VERDICTS, Example, Rating, Verdict, read
from humpback.engines.loading import load_model
from humpback.engines.server_engine import serve_engine
from humpback.engines.serving.launch import ModelFiles, launch_words
from humpback.inputs.prompt_file import load_prompt
from humpback.spec.curation import ExpectedScore, ModelRater, Rated
from humpback.spec.data import Backtranslated, Reversed, Sampling
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Judged, LocalJudge
from humpback.spec.prompts import BACKWARD, HUMPBACK_RATING
from humpback.stages.backtranslate import backtranslate
from humpback.stages.judge import judge
from humpback.stages.rate import rate
from tests.harness.engines.serving.material import N, answers, rows, stand_in, vllm
from tests.harness.engines.stand_in_server import likelihood
from tests.harness.training.material import SEED, Workshop, examples
from tests.harness.training.test_adapters import RECIPE


def test_expected_scores_and_verdicts_come_from_the_servers_probabilities(shop: Workshop, mark: str) -> None:
    model = shop.base("llama", max_position_embeddings=8_192)
    given = [*examples(N), Example("e/long", instruction="Why?", output="word " * 5_000)]
    shop.put(SEED, given)
    node = Rated(SEED, ModelRater(model, ExpectedScore(HUMPBACK_RATING)))
    scores = {}
    for name, server in (("echo", stand_in(mark)), ("vllm", vllm(shop, mark))):
        work = shop.work(name, server=server)
        counts = rate(node, work)
        with serve_engine(model, server, shop.work(f"{name}-engine", server=server)) as engine:
            options = [f"Score: {i}" for i in range(1, 6)]
            cut = [engine.chat.opening(one) for one in options]
            prompt = load_prompt(HUMPBACK_RATING, shop.machine)
            asked = [prompt.fill(instruction=row.instruction, output=row.output) for row in given]
            prompts = [engine.chat.prompt(one) for one in asked]
        assert len({tuple(one[:-1]) for one in cut}) == 1
        for row, rating, ids in zip(rows(work), read(work.out / RATINGS, Rating), prompts, strict=True):
            if row.id == "e/long":  # for the server, which takes less than the model
                assert (len(ids) > 4_096, row.score, rating.raw) == (True, None, "prompt too long")
                continue
            last = [likelihood(one[-1], *ids, *one[:-1]) for one in cut]
            weights = [exp(one) / sum(map(exp, last)) for one in last]
            assert row.score == pytest.approx(sum(i * w for i, w in enumerate(weights, 1)), abs=1e-9)
        assert (counts["kept"], counts["unparsed"]) == (N + 1, 1)
        scores[name] = [row.score for row in rows(work)]
    assert scores["echo"] == pytest.approx(scores["vllm"])
    assert len(set(scores["vllm"])) > 3
    both = ["Output (a) is better.", "Output (b) is better."]
    for server in (stand_in(mark), vllm(shop, mark)):
        with serve_engine(model, server, shop.work(f"judge-{server.engine}", server=server)) as engine:
            (chosen,) = engine.choose(["Which?"], both)
            ids, cut = engine.chat.prompt("Which?"), [engine.chat.opening(one) for one in both]
        sums = [sum(likelihood(token, *ids, *one[:i]) for i, token in enumerate(one)) for one in cut]
        assert chosen == pytest.approx([exp(one) / sum(map(exp, sums)) for one in sums])


@pytest.mark.parametrize(
    ("echoes", "says"),
    [
        ("written", r"sent a prompt of [0-9,]+ tokens .*, gives 1 log-probabilities: it leaves the prompt out or adds"),
        ("beginning", "it leaves the prompt out or adds to it"),
        ("nothing", "log-probabilities that are no numbers"),
    ],
)
def test_an_echo_that_is_not_the_prompts_is_no_score(shop: Workshop, mark: str, echoes: str, says: str) -> None:
    model = shop.base("llama", max_position_embeddings=8_192)
    shop.put(SEED, examples(3))
    node = Rated(SEED, ModelRater(model, ExpectedScore(HUMPBACK_RATING)))
    with pytest.raises(StoreError, match=says):
        rate(node, shop.work("out", server=stand_in(mark, "--echoes", echoes)))


def test_a_server_that_wants_a_key_is_named_and_none_is_handed_on(
    shop: Workshop, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shop.base("llama")
    with (
        pytest.raises(StoreError, match="stand-in wants a key"),
        serve_engine(model, server := stand_in(mark, "--api-key", "x"), shop.work("own", server=server)),
    ):
        pass
    monkeypatch.setenv("VLLM_API_KEY", "another-server-s")
    with serve_engine(model, server := vllm(shop, mark), shop.work("out", server=server)) as engine:
        assert engine.served.version == "1.2.3"


def test_a_model_judges_through_the_server(shop: Workshop, mark: str) -> None:
    node = answers(shop)
    contest = Judged(node, SEED, LocalJudge(node.model))
    shop.put(contest.answers, [replace(row, output=f"{row.output} indeed") for row in examples(N)])
    work = shop.work("judged", server=stand_in(mark))
    assert judge(contest, work)["kept"] == N
    assert {one.verdict for one in read(work.out / VERDICTS, Verdict)} >= {"first", "second"}


def test_instructions_are_written_through_the_server(shop: Workshop, mark: str) -> None:
    base = shop.base("llama")
    backward = Finetuned(base, Reversed(SEED, BACKWARD), replace(RECIPE, adapter=None))
    shop.folders[backward.fingerprint] = shop.folders[base.fingerprint]
    work = shop.work("out", server=stand_in(mark))
    counts = backtranslate(Backtranslated(SEED, backward, Sampling(max_new_tokens=9), HUMPBACK_RATING), work)
    assert counts == {"in": N, "kept": N, "rejected": 0, "marked": 0}
    assert len({row.instruction for row in rows(work)}) == N
    assert rows(work)[0].output == examples(1)[0].output


def test_an_adapter_is_put_on_its_base_by_vllm_on_a_gpu_and_else_merged(shop: Workshop, mark: str) -> None:
    base = shop.base("llama")
    node = Finetuned(base, SEED, RECIPE)
    shop.finetuned(node)
    server = vllm(shop, mark)
    words = launch_words(server, shop.machine, ModelFiles(Path("/base"), Path("/adapter"), 12), "name", 7)
    told = dict(pairwise(words))
    assert (told["--model"], told["--lora-modules"], told["--max-lora-rank"]) == ("/base", "name=/adapter", "16")
    assert (told["--port"], told["--host"], told["--served-model-name"]) == ("7", "127.0.0.1", "name-base")
    assert words[-2:] == ["--seed", "1"]
    for name, other in (("other", stand_in(mark)), ("cpu", server)):
        work = shop.work(name, server=other)
        with serve_engine(node, other, work):
            from transformers import AutoModelForCausalLM

            served = AutoModelForCausalLM.from_pretrained(work.out / ".merged").state_dict()
            own = load_model(node, shop.work(f"{name}-own")).state_dict()
            assert served.keys() == own.keys()
            assert all(torch.equal(served[name], own[name]) for name in own)
        assert [path.name for path in work.out.iterdir()] == [CHECKPOINTS], "which is no payload"
    on_gpu = shop.work("gpu", server=server, device="cuda")
    with serve_engine(node, server, on_gpu):
        assert not (on_gpu.out / ".merged").exists()


def test_vllm_on_a_cpu_reads_prompts_whole(shop: Workshop, mark: str) -> None:
    """A draw that is taken back, after a part of a prompt, ends it."""
    server, files = vllm(shop, mark), ModelFiles(Path("/whole"))
    for device in ("cpu", "cuda"):
        words = launch_words(server, replace(shop.machine, device=device), files, "name", 7)  # type: ignore[arg-type]
        assert ("--no-enable-chunked-prefill" in words) == (device == "cpu")


def test_a_stages_gpus_are_all_the_servers(shop: Workshop, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server, files = vllm(shop, mark), ModelFiles(Path("/whole"))
    gpus = replace(shop.machine, device="cuda", precision="bfloat16")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    assert "--tensor-parallel-size" not in launch_words(server, gpus, files, "name", 7)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,6,7")
    told = dict(pairwise(launch_words(server, gpus, files, "name", 7)))
    assert (told["--tensor-parallel-size"], told["--dtype"]) == ("4", "bfloat16")


def test_the_machine_file_names_a_server(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_text('[server]\nengine = "vllm"\npython = "/opt/bin/python"\narguments = ["--max-num-seqs", "64"]\n')
    assert load_machine(path).server == Server(python="/opt/bin/python", arguments=("--max-num-seqs", "64"))
    for wrong, told in (
        ('engin = "vllm"', "did you mean engine"),
        ('engine = "vllm"', "neither is given"),
        ('python = "p"\ncommand = ["a", "{model}", "{port}"]', "both are given"),
        ('engine = "sglang"\npython = "p"', "start it by command"),
        ('engine = "sglang"\ncommand = ["serve", "{model}"]', r"has no \{port\} in it"),
        ('command = ["serve", "{model}", "{port}"]', "another server than vLLM; name it"),
        ('engine = "x"\ncommand = ["{model}{port}"]\narguments = ["a"]', "belong into its command"),
        ('python = "p"\nstart_within = 0', "more than 0"),
        ("python = 3", "Server.python"),
    ):
        path.write_text(f"[server]\n{wrong}\n")
        with pytest.raises(FieldError, match=told):
            load_machine(path)
