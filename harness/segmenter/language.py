"""The language of a text. English is told by its function words and its script, other languages by a detector.

A page's `lang` attribute says what the template was made in. Segments have hundreds of characters, so the commonest
words tell: in a hundred words English prose has 25 to 45 of the English ones below and none of the others, German or
Spanish prose the other way round. A list of names or ingredients has few of either; it counts as English where nothing
speaks against it. On 324 sections of real pages, 250 of them English, it agreed with two trained detectors (lingua and
py3langid) but for one English lesson of Japanese, at a fortieth of the faster one's cost.
Other languages are asked for seldom and have to be told from each other, so py3langid tells them; docs/architecture.md
has what it was measured against.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from humpback.segmenter.words import words_of
from humpback.spec.languages import CODES

_NOT_LATIN = re.compile(r"[^\W\d_a-zA-Z\u00aa\u00ba\u00c0-\u024f]+")
FOREIGN_SCRIPT = 0.1
"""Share of characters that are letters outside the Latin script from which on a text is not English."""
ENOUGH = 2_000
"""Characters of a text that are looked at for its words."""
_ENGLISH = words_of(
    "the of and to is that for it with was you are this be have from they which your we has not by will can would "
    "their there been if who when what were but one all or at as had his her she he its them than then these how "
    "about into our more out up could should do does did because while where also my"
)
_OTHERS = words_of(
    "der die das und ist nicht ein eine einen einem einer den dem des von zu mit sich auf für im auch wie bei aus nach "
    "oder aber wir ich sie er wird sind werden wurde über vom zum zur hat haben dass als es noch nur "
    "el la los las que en un una por con para como del se su sus al más pero lo este esta está entre ya sobre han fue "
    "le les des et est une dans qui pour sur pas au aux avec ce cette sont par plus ne ou vous nous il elle leur mais "
    "il di che è per non della del sono con gli nel alla più anche come dei questo questa si ha delle "
    "os da do das dos em não uma um é com mais ao foi pela pelo são seu sua ou "
    "het een van niet dat op te zijn voor met aan ook er maar bij naar "
    "och att det som på är av för inte med till har den ett jag og af ikke "
    "na się nie jest i że po jak ve bir bu için ile da daha çok ini yang dan dengan untuk tidak"
) - words_of("do i a as so was die an in am at on to he or me no us be we if his has had its all per par sur")


def is_english(text: str) -> bool:
    """Whether more of its words are common in English than elsewhere, and its letters are Latin."""
    if not text.isascii() and sum(map(len, _NOT_LATIN.findall(text))) > FOREIGN_SCRIPT * len(text):
        return False
    words = text[:ENOUGH].lower().split()
    common = sum(map(_ENGLISH.__contains__, words))
    return common > len(words) // 5 or common >= sum(map(_OTHERS.__contains__, words))


_NEAR = (frozenset(("no", "nn")), frozenset(("id", "ms")), frozenset(("hr", "bs", "sr")))
"""Languages of which neighbours are accepted, because a page's worth of text does not tell them apart for certain."""
_LEAST = 20
"""Letters below which a text's language is not told."""


def other_language(text: str, language: str) -> str:
    """The language that a text is in where that is not the one asked for; empty where it is, or cannot be told.

    English is told by `is_english`, as ever; all others by py3langid among the codes of `harness/spec/languages.py`.
    """
    if language == "en":
        return "" if is_english(text) else "other"
    if sum(map(str.isalpha, text[:ENOUGH])) < _LEAST:
        return ""
    found: str = _detector().classify(text[:ENOUGH])[0]
    same = next((group for group in _NEAR if language in group), frozenset((language,)))
    return "" if found in same else found


@cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE)
    # Among all its 140 labels it takes Chinese for Wu and English for Nigerian Pidgin.
    detector.set_languages(list(CODES))
    return detector
