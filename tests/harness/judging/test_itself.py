"""One model under many names, and models that only look alike.

Neighbours that were tried: case, the maker before a slash, a colon's tag, a dot; folders, a slash at the end, Windows'
too; dates in four spellings, -latest, -preview; file extensions; packings of weights.
"""

from __future__ import annotations

import pytest

from humpback.judging.self_judging import same_model


@pytest.mark.parametrize(
    ("judge", "writer"),
    [
        ("gpt-4", "openai/gpt-4"),
        ("GPT-4", "gpt-4-0613"),
        ("gpt-4", "gpt4"),
        ("gpt-4", "gpt-4.json"),
        ("gpt-4o", "gpt-4o-2024-05-13"),
        ("chatgpt-4o-latest", "chatgpt-4o"),
        ("gpt-4-turbo-preview", "gpt-4-1106-preview"),
        ("llama3", "llama3:latest"),
        ("meta-llama/Llama-2-7b-chat-hf", "llama-2-7b-chat"),
        ("Qwen/Qwen2.5-7B-Instruct", "/models/Qwen2.5-7B-Instruct/"),
        ("Qwen/Qwen2.5-7B-Instruct", r"C:\models\Qwen2.5-7B-Instruct"),
        ("Qwen2.5-7B-Instruct-AWQ", "qwen2.5-7b-instruct"),
        ("SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"),
        ("SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_K_M.gguf"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-latest"),
        ("models/gemini-1.5-pro", "google/gemini-1.5-pro-exp"),
        ("mistral-large-2407", "mistralai/Mistral-Large"),
    ],
)
def test_another_spelling_of_a_name_is_the_same_model(judge: str, writer: str) -> None:
    assert same_model(judge, ["someone-else", writer]) == writer
    assert same_model(writer, [judge]) == judge


@pytest.mark.parametrize(
    ("judge", "writer"),
    [
        ("gpt-4", "gpt-4o"),
        ("gpt-4o", "gpt-4o-mini"),
        ("Llama-2-7b", "Llama-2-13b"),
        ("Llama-3-8B", "Llama-3-8B-Instruct"),
        ("Qwen2.5-7B", "Qwen2-7B"),
        ("gemini-1.5-pro", "gemini-1.5-flash"),
        ("claude-3-opus", "claude-3-5-opus"),
        ("gpt-4", ""),
        ("", "-latest"),
    ],
)
def test_models_that_only_look_alike_are_two(judge: str, writer: str) -> None:
    assert same_model(judge, [writer]) is None
