"""The table of public files: training sets, prompts to answer, published results and the papers' exact prompt texts.

Checksums, sizes and rows were computed from the files themselves, except those of `oasst1`, `oasst1-trees`, `dolly` and
`sharegpt-vicuna`: these stand in several public projects that pin the same revision, which agree. What is None is not
known here: the checksum of the first download is then written down and held ever after (`harness/inputs/pull.py`). A
commit is never guessed: a file without a known one names the branch, and says so. The files are downloaded, never
shipped; licences are their publishers'.
"""

from __future__ import annotations

import difflib

from humpback.core.errors import UnknownName
from humpback.spec.files import Source
from humpback.spec.packaged_sources import PACKAGED
from humpback.spec.public_file import MAIN, PublicFile, github, github_folder, hub

_ALPACA = "761dc5bfbdeeffa89b8bff5d038781a4055f796a"
_ALPACA_EVAL = "cd543a149df89434d8a54582c0151c0b945c3d20"
_ALPACA_EVAL_HUB = "2edc6fad8be6b14ea7230aabfd08188da6b8b814"
_ALPACA_GPT4 = "88ef836e16a1d6c0658490cc521184c269c46449"
_ALPAGASUS_README = "099cddcaaa184fe93eb14f6308a4adea5b98ce40"
_ALPAGASUS_HELPFUL = "0d0b90cd5d772b7ef56b792746e867158179b484"
_ALPAGASUS_DOLLY = "656f907d98ffd4988d19b563f576c66ffb85d0f7"
_ALPAGASUS_RATING = "42f57bf285d9ce2a4985345b3c7427d7287e6812"
_ALPAGASUS_JUDGE = "f251fe81b2a6b55cc3d59b1d0dd8b72694492a96"
_ALPAGASUS_TESTS = "95ad3e5"
_BBH = "9ee07bd481feebf959a6b59d61ea57bdcf30964d"
_CHERRY = "03420a9e0568214582228afe012ea12ef8fcef2b"
_CROWS = "14e313b53e578b6794addfacbf42d4895ddd7680"
_DOLLY = "bdd27f4d94b9c1f951818a7da7fd7aeea5dbff1a"
_FLAN = "7508c5e92f6ebee594f3d60854970a0d0a9587a3"
_GUANACO = "831dabac2283d99420cda0b673d7a2a43849f17a"
_HUMPBACK = "a14814a844b2e263d07b3431a7512a1600e03fae"
_C4 = "1588ec454efa1a09f29cd18ddd04fe05fc8653a2"
_MMLU = "785eba57b455b9f9be12a0d3c1106d67274fea0e"
_OASST = "fdf72ae0827c1cda404aff25b6603abec9e3399b"
_OASST_FI = "45e9c4600eacf5844887e321ba3952befe9727dc"
_OPEN_ASSISTANT = "f1e6ed9526f5817531f3ab85441a40b3671ddccb"
_SELF_INSTRUCT = "0b26ccaa415992100fa32df62d41b994cf928e23"
_SHAREGPT = "192ab2185289094fc556ec8ce5ce1e8e587154ca"
_WIZARDLM = "8a7d15a83028b5c93915677704f492839e2675f6"

_BY_NC, _BY_NC_SA, _BY_SA, _APACHE = "CC BY-NC 4.0", "CC BY-NC-SA", "CC BY-SA 3.0", "Apache-2.0"
_NOT_STATED = "none stated"
_GATED = "not pinned; the hub asks for an account that accepted the terms: set HF_TOKEN"
_ABBREVIATED = "the commit is known in this abbreviation only; the checksum holds the bytes"


def _alpaca_eval(path: str) -> tuple[str, str]:
    return github("tatsu-lab/alpaca_eval", _ALPACA_EVAL, path)


def _alpagasus(commit: str, path: str) -> tuple[str, str]:
    return github("gpt4life/alpagasus", commit, path)


def _cherry(name: str) -> tuple[str, str]:
    return github("tianyi-lab/Cherry_LLM", _CHERRY, f"logs/cherry_alpaca_5_per-VS-alpaca/{name}.json")


# fmt: off
_CONVERSATIONS = (
    PublicFile("oasst1", "Open Assistant's conversations as flat messages: Humpback's seed data",
               *hub("OpenAssistant/oasst1", _OASST, "2023-04-12_oasst_ready.messages.jsonl.gz"),
               _APACHE, "open assistant", 34_196_309,
               "286a6e9a5a413b3272ae9c0b5a20d327983dea1c24342ae28cb244a6da65185c", 88_838),
    PublicFile("oasst1-trees", "the same as nested trees",
               *hub("OpenAssistant/oasst1", _OASST, "2023-04-12_oasst_ready.trees.jsonl.gz"),
               _APACHE, "open assistant", 34_145_252,
               "2a9a8fd343e9b28e04a895a669d3253f82d93e9c174d440199ae19d5fafbdff7", 10_364),
    PublicFile("oasst1-validation-en", "the English messages of its validation split: a small set to try things on",
               *github("TurkuNLP/oasst-fi", _OASST_FI, "original-data/en-validation.jsonl"),
               _APACHE, "open assistant", 3_373_178,
               "b92db3f1db324f5aa3c5d75ed65a451b54063de1de7370506233c9917043bd66", 2_022),
    PublicFile("oasst-trees-100-en", "a hundred English conversations as nested trees",
               *github("LAION-AI/Open-Assistant", _OPEN_ASSISTANT, "model/model_eval/manual/data/en_100_tree.jsonl"),
               _APACHE, "open assistant", 979_838,
               "a27639214a5098bf9e1cc62a855c85c630b64ab48ee94655e7f6046438b0aedb", 100),
)
_INSTRUCTIONS = (
    PublicFile("alpaca", "Alpaca: 52k instructions distilled from text-davinci-003",
               *github("tatsu-lab/stanford_alpaca", _ALPACA, "alpaca_data.json"),
               _BY_NC, "instructions", 22_773_992,
               "2eddafc6b977608d778aaab8dfc7e50e547b3af9826dfb9e909d9fc362e4a419", 52_002),
    PublicFile("alpaca-gpt4", "Alpaca's instructions answered by GPT-4",
               *hub("llm-wizard/alpaca-gpt4-data", _ALPACA_GPT4, "data/alpaca_gpt4_data.json"),
               _BY_NC, "instructions", rows=52_002, note="a copy on the hub of the GPT-4-LLM repository's file"),
    PublicFile("lima", "LIMA: a thousand chosen instructions and conversations",
               *hub("GAIR/lima", MAIN, "train.jsonl"), _BY_NC_SA, "instructions", 2_972_419,
               "ac2f662bb1fbebbdeacef04276feb4df80a65c6a76a2e1e03390e5c4c2996a5d", 1_030, _GATED),
    PublicFile("dolly", "Dolly: 15k instructions written by people",
               *hub("databricks/databricks-dolly-15k", _DOLLY, "databricks-dolly-15k.jsonl"),
               _BY_SA, "instructions", 13_085_339,
               "2df9083338b4abd6bceb5635764dab5d833b393b55759dffb0959b6fcbf794ec", 15_011),
    PublicFile("flan-v2", "FLAN v2: a resample of 100k tasks, as Tulu used it",
               *hub("hamishivi/tulu_mix_store", _FLAN, "flan_v2_resampled_100k.jsonl"),
               "ODC-BY; the tasks' own licences hold as well", "instructions",
               note="Humpback does not say which sample of FLAN v2 it took: an assumption"),
    PublicFile("sharegpt-vicuna", "conversations that people shared on ShareGPT: the sort that Vicuna was trained on",
               *hub("anon8231489123/ShareGPT_Vicuna_unfiltered", _SHAREGPT,
                   "ShareGPT_V3_unfiltered_cleaned_split.json"),
               "Apache-2.0 on its page; ChatGPT's words, so OpenAI's terms may hold", "instructions", 672_837_942,
               "35f0e213ce091ed9b9af2a1f0755e9d39f9ccec34ab281cd4ca60d70f6479ba4"),
    PublicFile("wizardlm-evol-instruct", "WizardLM: evolved instructions V2, the 143k that were published",
               *hub("WizardLMTeam/WizardLM_evol_instruct_V2_196k", _WIZARDLM, "WizardLM_evol_instruct_V2_143k.json"),
               "MIT on its page; ChatGPT's words, so OpenAI's terms may hold", "instructions",
               note="143k of the 196k; the rest is ShareGPT's and was not published with it"),
    PublicFile("guanaco", "Guanaco's subset: Open Assistant's best replies, all languages, as marked-up text",
               *hub("timdettmers/openassistant-guanaco", _GUANACO, "openassistant_best_replies_train.jsonl"),
               "Apache-2.0, as Open Assistant", "instructions",
               note="whole conversations; an instruction set takes the opening turn and its reply of each"),
    PublicFile("alpagasus-chatgpt", "the Alpaca rows that ChatGPT rated 4.5 or better for accuracy",
               *_alpagasus(_ALPAGASUS_README, "data/filtered/chatgpt_9k.json"),
               _BY_NC, "instructions", rows=9_229),
    PublicFile("alpagasus-claude", "the Alpaca rows that Claude rated 4.5 or better",
               *_alpagasus(_ALPAGASUS_README, "data/filtered/claude_t45.json"),
               _BY_NC, "instructions", 1_818_965,
               "726de12839a57201915867a0cdaec5010619915d8668fa57ff5fa9efa6e893f3", 5_305),
    PublicFile("alpagasus-helpfulness", "the Alpaca rows that ChatGPT rated 4.5 or better for helpfulness",
               *_alpagasus(_ALPAGASUS_HELPFUL, "data/filtered/helpfulness_t45.json"),
               _BY_NC, "instructions", 1_130_067,
               "617fdaa4ff38d39b1fbb18044f771a01c93679c859937acecf8e4d54595eccf6", 2_022),
    PublicFile("alpagasus-dolly", "the Dolly rows that ChatGPT rated 4.5 or better",
               *_alpagasus(_ALPAGASUS_DOLLY, "data/filtered/dolly_3k.json"),
               _BY_SA, "instructions", 2_315_006,
               "cb8d16e85ec217a53587c96596a1e8971b8d72a2fd9d5bc23a2dd3d57b59eeea", 2_996),
)
_WEB = (
    PublicFile("c4-en", "the first of 1,024 parts of C4: English web pages as plain text",
               *hub("allenai/c4", _C4, "en/c4-train.00000-of-01024.json.gz"),
               "ODC-BY; Common Crawl's terms hold as well", "records"),
    PublicFile("c4-validation", "an eighth of C4's validation split: the same in little, to try things on",
               *hub("allenai/c4", _C4, "en/c4-validation.00000-of-00008.json.gz"),
               "ODC-BY; Common Crawl's terms hold as well", "records"),
)
_PROMPTS = (
    PublicFile("alpaca-eval", "AlpacaEval's 805 prompts with text-davinci-003's reference outputs",
               *hub("tatsu-lab/alpaca_eval", _ALPACA_EVAL_HUB, "alpaca_eval.json"),
               _BY_NC, "prompts", rows=805),
    PublicFile("lima-test", "LIMA's 300 test prompts", *hub("GAIR/lima", MAIN, "test.jsonl"),
               _BY_NC_SA, "prompts", 47_614,
               "4584225a820754afd473de7a37c2ff912cd9a4b6ae44ec5c7419d6e875f01fac", 300, _GATED),
    PublicFile("vicuna-80", "Vicuna's test prompts, by category",
               *_alpagasus(_ALPAGASUS_TESTS, "test_data/vicuna_test_set.jsonl"),
               _NOT_STATED, "prompts", 12_885,
               "590c39157bc561eadd7f03cad4be18c2b597f93029780af65f86718f39eafa87", 80, _ABBREVIATED),
    PublicFile("koala-180", "Koala's test prompts",
               *_alpagasus(_ALPAGASUS_TESTS, "test_data/koala_test_set.jsonl"),
               _NOT_STATED, "prompts", 142_203,
               "c8cda5c53810dc30aad34fabbb828fe3eba0957119e00916650c971905d19886", 180, _ABBREVIATED),
    PublicFile("wizardlm-218", "WizardLM's test prompts, by skill and difficulty",
               *_alpagasus(_ALPAGASUS_TESTS, "test_data/wizardlm_test_set.jsonl"),
               _NOT_STATED, "prompts", 81_139,
               "1a39103c4ad7e0b68a0f7ed770f13a60cc60749418263dafb20cfe8f5e51901e", 218, _ABBREVIATED),
    PublicFile("self-instruct-252", "Self-Instruct's user-oriented prompts with their inputs",
               *github("yizhongw/self-instruct", _SELF_INSTRUCT, "human_eval/user_oriented_instructions.jsonl"),
               _APACHE, "prompts", 170_193,
               "81d60a117db495cecedecd9193504fd07c5b5a42f6699ef6b0f9da10fc22f42e", 252),
)
_RESULTS = (
    *(PublicFile(f"alpaca-eval-outputs-{model}", f"{model}'s outputs on AlpacaEval, as published",
                 *_alpaca_eval(f"results/{model}/model_outputs.json"), _BY_NC, "instructions",
                 size, sha256, 805)
      for model, size, sha256 in (
          ("humpback-llama-65b", 1_249_329, "15c0ad7a773a1e4942eb08bd1c19e6fd5c144617820029212dd259839d43484c"),
          ("humpback-llama2-70b", 1_132_337, "8a87664ebfe463a0b6f25a57f8d49c67d7e4dd7156420322f828abfcd3299938"),
          ("guanaco-7b", 1_339_128, "6840ccf19d61a7c1cf5d4d8e9b55173be3a1b6537e2a4b789e55f11e2f8bc860"))),
    *(PublicFile(f"alpaca-eval-verdicts-{model}", f"GPT-4's AlpacaEval 1 verdicts on {model}",
                 *_alpaca_eval(f"results/{model}/alpaca_eval_gpt4/annotations.json"),
                 _BY_NC, "records", size, sha256, 805)
      for model, size, sha256 in (
          ("alpaca-7b", 1_085_344, "d44ea50f1a81f6ae6a95e8ac1dd08b7eca82cc0a9058a2923b1c70cec1e9eaa5"),
          ("guanaco-65b", 1_789_573, "9fd3ff21f371729734abbcf96a6ed4cb822737e38bfbb00c5ad264fbfc9ea253"),
          ("llama-2-7b-chat-hf", 1_975_437, "a003092552c9d97793e6e08e82e2c73b96a1031e882e78ef65dfb972a9d74630"),
          ("vicuna-13b", 1_613_657, "3e43d5de375aa1e8c9d0148a4b352dd5b5ee04f0644469e597c155d28641ea61"))),
    *(PublicFile(f"alpaca-eval-2-verdicts-{model}", f"GPT-4 Turbo's weighted AlpacaEval 2 verdicts on {model}",
                 *_alpaca_eval(f"results/{model}/weighted_alpaca_eval_gpt4_turbo/annotations.json"),
                 _BY_NC, "records", size, sha256, 805)
      for model, size, sha256 in (
          ("alpaca-7b", 3_581_330, "41047c654c6c5ddc0290fb207367e3f458d22692045eb41927eb64103a2cb764"),
          ("humpback-llama2-70b", 4_189_975, "881c16cefd18f3fded2cd39d3ed0fe5678bf326c6cdd61f81b213a4830a56da2"))),
    *(PublicFile(name, what, *_alpaca_eval(f"src/alpaca_eval/leaderboards/{path}"),
    _APACHE, "records", size, sha256, rows)
      for name, what, path, size, sha256, rows in (
          ("alpaca-eval-leaderboard", "AlpacaEval 1's leaderboard",
           "data_AlpacaEval/alpaca_eval_gpt4_leaderboard.csv",
           19_417, "78ef8e4f5a2acb09b1b565b1f9efc1f0806fe0d6f6d451f354effcde8ea3a4da", 102),
          ("alpaca-eval-2-leaderboard", "AlpacaEval 2's leaderboard with length-controlled rates",
           "data_AlpacaEval_2/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv",
           44_969, "b32b27764198538d1679fe807d8333cb5caa670b939e32f74e57fed65f6ef6c8", 211))),
    *(PublicFile(f"cherry-{tests}-{judge}", f"{judge}'s both-order scores of Cherry 5 % against Alpaca on {tests}",
                 *_cherry(f"{tests}_wrap_reviews_{judge}"), _NOT_STATED, "records", size, sha256)
      for tests, judge, size, sha256 in (
          ("vicuna", "gpt4", 241_285, "b31ce19cf59b582f6d47ae1f12d09e70e3fba697af68b71a174e140686db9bfa"),
          ("koala", "gpt4", 679_006, "27a1dc37fa126b184d5ee326414cb888d15b9dc4426476dc6ec27ef902c6294b"),
          ("vicuna", "gpt3.5", 285_759, "4f6d013fa3235223bd0b92d51aa43b6c7810423fa5f02875f9741fc001652167"),
          ("koala", "gpt3.5", 786_681, "48b5fad10b79bbddcedaf8ace67523aaecd9e7d95c7fba3f4ef19f292fa62b6e"))),
    PublicFile("crows-pairs", "CrowS-Pairs: sentence pairs that measure social bias",
               *github("nyu-mll/crows-pairs", _CROWS, "data/crows_pairs_anonymized.csv"),
               "CC BY-SA 4.0", "records", rows=1_508),
)
_TESTS = (
    PublicFile("bbh", "BIG-Bench Hard: 27 tasks with 6,511 questions",
               *github_folder("suzgunmirac/BIG-Bench-Hard", _BBH, "bbh"), "MIT", "records", 2_684_116,
               "0debbc74e96ff122ccf2e9d7c90e8450adb736ad5bf21789bfcff6269b641fca"),
    PublicFile("mmlu", "MMLU: 57 subjects with 14,079 test questions, and five of each subject to be shown",
               *github_folder("hendrycks/test", _MMLU, "data"), "MIT", "records", 7_157_444,
               "4b1634ecda292aff34fa7a16ef38d15a607fa00a36d0f6ba5b7287ab15564b79",
               note="as many questions as the paper counts; cais/mmlu on the hub has 14,042"),
)
_PROMPT_TEXTS = (
    PublicFile("humpback-rating-prompt", "Humpback's exact self-curation prompt, as a re-implementation published it",
               *github("Spico197/Humpback", _HUMPBACK, "data/prompts/self_curation.txt"), _APACHE, "text", 2_367,
               "890b5c4bee4c2068d17c423090bfe764036989ab19231363d61450fde918fda0",
               note="{generated_instruction} and {response} stand for instruction and output"),
    PublicFile("alpagasus-rating-prompt", "AlpaGasus's exact rating prompts, in the code that sent them",
               *_alpagasus(_ALPAGASUS_RATING, "rating/chatgpt_rating.py"), _NOT_STATED, "text"),
    PublicFile("alpagasus-pair-prompt", "AlpaGasus's exact 1-10 pair prompt for its judge, in the code that sent it",
               *_alpagasus(_ALPAGASUS_JUDGE, "evaluation/eval.py"), _NOT_STATED, "text"),
)
# fmt: on
_ROWS = (*_CONVERSATIONS, *_INSTRUCTIONS, *_WEB, *_PROMPTS, *_RESULTS, *_TESTS, *_PROMPT_TEXTS, *PACKAGED)
SOURCES = {row.name: row for row in _ROWS}
"""Every public file that the harness knows, by name, in the order in which they are listed."""


def public_file(name: str) -> PublicFile:
    """The row of the table with this name.

    Raises:
        UnknownName: naming the closest names there are.
    """
    if name in SOURCES:
        return SOURCES[name]
    close = difflib.get_close_matches(name, SOURCES, n=3, cutoff=0.4)
    hint = f"the closest: {', '.join(close)}" if close else f"there are {', '.join(SOURCES)}"
    raise UnknownName(f"no public file is called {name!r}; {hint}")


def source(name: str) -> Source:
    """How an expression names the public file of this name.

    Raises:
        UnknownName: naming the closest names there are.
    """
    return public_file(name).source
