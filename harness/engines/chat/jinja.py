"""A `Template` as the Jinja chat template that tokenizers carry, so that a model is spoken to outside as in here."""

from __future__ import annotations

from humpback.spec.template import Template


def chat_template(template: Template, *, begins_with_bos: bool) -> str:
    """Jinja that writes `template.prompt(instruction, system)` for a system and a user message.

    An assistant message follows as it is, with the end token. Whatever tokenizes a rendered chat adds no special
    tokens, so where the tokenizer puts a beginning-of-sequence token before every text (`begins_with_bos`), the
    template writes it: the tokens are then those the model was trained on.
    """
    system, instruction = (
        _written(text, part) for text, part in ((template.system, "{system}"), (template.instruction, "{instruction}"))
    )
    refusal = "{{ raise_exception('roles are system, user and assistant, not ' + message['role']) }}"
    return (
        ("{{ bos_token }}" if begins_with_bos else "") + "{% for message in messages %}"
        "{% if message['role'] == 'system' %}{% if message['content'] %}" + system + "{% endif %}"
        "{% elif message['role'] == 'user' %}" + instruction + "{% elif message['role'] == 'assistant' %}"
        "{{ message['content'] }}{{ eos_token }}{% else %}" + refusal + "{% endif %}{% endfor %}"
    )


def _written(text: str, part: str) -> str:
    """Every literal piece as a Jinja string, so that braces and line ends mean nothing to Jinja."""
    pieces = (_literal(piece) if piece else "" for piece in text.split(part))
    return "{{ message['content'] }}".join(pieces)


def _literal(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii").replace("'", "\\'")
    return "{{ '" + escaped + "' }}"
