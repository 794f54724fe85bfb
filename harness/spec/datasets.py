"""The sets that the two papers name, as ready expressions: what they compared with, and what they asked.

Each is an ordinary value of `harness/spec/files.py`, so `replace(ALPACA, n=9_229)` is a random control and a new draw
is a new `draw`. Building one touches no file; `humpback data pull` brings what they name.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.spec.files import Distinct, EveryTurn, InstructionSet, OpenAssistant, PromptSet, WebPages
from humpback.spec.sources import source

OPEN_ASSISTANT = OpenAssistant((source("oasst1"),))
"""English first turns with their best reply (Humpback, section 3.1)."""
GUANACO = InstructionSet((source("guanaco"),))
"""Guanaco's subset as it was published, all languages; of each conversation the opening turn and its reply."""
GUANACO_TURNS = OpenAssistant((source("oasst1"),), turns=EveryTurn())
"""Guanaco's rule on the English conversations: every human turn with its best reply."""
ALPACA = InstructionSet((source("alpaca"),))
ALPACA_GPT4 = InstructionSet((source("alpaca-gpt4"),))
LIMA = InstructionSet((source("lima"),))
DOLLY = InstructionSet((source("dolly"),))
FLAN_V2 = InstructionSet((source("flan-v2"),))
VICUNA = InstructionSet((source("sharegpt-vicuna"),))
WIZARDLM = InstructionSet((source("wizardlm-evol-instruct"),))

C4 = WebPages((source("c4-en"),), n=100_000)
"""Pages as plain text, a hundred thousand of a part of C4."""

COMPARISONS: dict[str, InstructionSet | OpenAssistant] = {
    "WizardLLM": WIZARDLM,
    "Alpaca-GPT4": ALPACA_GPT4,
    "Vicuna (ShareGPT)": VICUNA,
    "Open Assistant": OPEN_ASSISTANT,
    "LIMA": LIMA,
    "Alpaca": ALPACA,
    "FLAN v2": FLAN_V2,
    "Dolly": DOLLY,
    "Guanaco": GUANACO,
}
"""The datasets by the name that Humpback's scaling table gives them; Dolly and Guanaco stand in other tables."""

CODING = ("Java", "java", "C++", "c++", "C#", "c#", "Python", "python")
"""The keywords by which AlpaGasus finds examples about code."""
ALPAGASUS_CHATGPT = InstructionSet((source("alpagasus-chatgpt"),))
ALPAGASUS_CLAUDE = InstructionSet((source("alpagasus-claude"),))
ALPAGASUS_HELPFULNESS = InstructionSet((source("alpagasus-helpfulness"),))
ALPAGASUS_DOLLY = InstructionSet((source("alpagasus-dolly"),))
"""What AlpaGasus kept at 4.5, as it was published."""

ALPACA_EVAL = PromptSet((source("alpaca-eval"),))
"""The 805 prompts; their outputs are text-davinci-003's, the reference of AlpacaEval 1."""
SEED = replace(OPEN_ASSISTANT, n=3_200, without=ALPACA_EVAL)
"""Humpback's seed data. How its 3,200 were chosen is not known; drawn uniformly, and none of the 188 prompts that
AlpacaEval took from Open Assistant's validation split, which the published file holds too: assumptions."""
LIMA_TEST = PromptSet((source("lima-test"),))
HUMPBACK_TEST = Distinct((ALPACA_EVAL, LIMA_TEST))
"""The 1,066 public test prompts (Humpback, section 3.1): 805 and 300, less the 39 that stand in both. The authors' own
64 were never published."""

VICUNA_80 = PromptSet((source("vicuna-80"),))
KOALA_180 = PromptSet((source("koala-180"),))
WIZARDLM_218 = PromptSet((source("wizardlm-218"),))
SELF_INSTRUCT_252 = PromptSet((source("self-instruct-252"),))
ALPAGASUS_TEST = (VICUNA_80, KOALA_180, WIZARDLM_218, SELF_INSTRUCT_252)
"""The four test sets of AlpaGasus (section 4), 730 prompts."""

DEV = PromptSet((source("lima-test"),), n=250, without=ALPACA_EVAL)
"""Development prompts. The paper draws 250 from its test prompts less AlpacaEval's; of what is public that leaves
LIMA's 261, and which 250 is not known: an assumption."""
GENERATION_QUALITY = PromptSet((source("koala-180"), source("wizardlm-218")), n=250, without=HUMPBACK_TEST)
"""250 prompts for looking at generation quality that no other set here measures on: Koala's and WizardLM's, less the
1,066, which leaves 252. The paper's own sample was never published: an assumption."""
