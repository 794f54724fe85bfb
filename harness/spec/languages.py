"""Names of languages: ISO 639-1 codes, as data and commands name them.

The codes are those that the detector of `harness/segmenter/language.py` tells apart.
"""

from __future__ import annotations

import difflib

from humpback.core.expression import FieldError

CODES = tuple(
    """
    af am an ar as az ba be bg bn br bs ca cs cy da de dz el en eo es et eu fa fi fo fr fy ga gd gl gu ha he hi hr ht hu
    hy id ig is it ja jv ka kk km kn ko ku ky la lb lg ln lo lt lv mg mk ml mn mr ms mt my ne nl nn no oc om or pa pl ps
    pt qu ro ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz vi vo wa xh yo zh zu
    """.split()  # noqa: SIM905
)
_OTHER_NAMES = {"nb": "no", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "fil": "tl", "cmn": "zh", "mo": "ro"}
_NAMES = {
    "english": "en", "chinese": "zh", "german": "de", "french": "fr", "spanish": "es", "portuguese": "pt",
    "italian": "it",
    "russian": "ru", "japanese": "ja", "korean": "ko", "arabic": "ar", "hindi": "hi", "thai": "th", "dutch": "nl",
    "polish": "pl", "turkish": "tr", "vietnamese": "vi", "ukrainian": "uk", "swedish": "sv", "czech": "cs",
    "eng": "en", "zho": "zh", "chi": "zh", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "por": "pt",
    "ita": "it", "rus": "ru", "jpn": "ja", "kor": "ko", "ara": "ar", "hin": "hi", "tha": "th", "nld": "nl",
}  # fmt: skip
"""What is likely to be meant, for the message: it is not guessed."""


def language_code(given: str, where: str) -> str | None:
    """The code that a language tag begins with ("zh" of "zh-CN"); None of "any".

    Script and region are not told apart: traditional Chinese is "zh" too.

    Raises:
        FieldError: naming `where`, with the nearest code, for what is no code.
    """
    code = primary(given)
    if code == "any":
        return None
    if code in CODES:
        return code
    near = [_NAMES[code]] if code in _NAMES else difflib.get_close_matches(code, CODES, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise FieldError(f"{where} is {given!r}; {hint}It takes any, or a code of two letters such as en, zh, pt-BR")


def primary(tag: str) -> str:
    """The language of a tag, in lower case and under its usual code: "no" of "nb-NO"."""
    code = tag.strip().lower().replace("_", "-").split("-")[0]
    return _OTHER_NAMES.get(code, code)
