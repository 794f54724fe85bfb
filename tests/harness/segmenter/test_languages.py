"""Languages other than English: filtered by language, with rules that work where no spaces part the words.

Tried: fourteen languages in nine scripts, Chinese in both scripts, Japanese with kana, Korean with spaces, neighbours
(Norwegian's two), mixed pages, texts too short to tell; codes with a region, names, three letters, unknown ones;
repeated sentences and near copies in Chinese, Japanese, Thai, Lao, Khmer, Arabic and Hindi beside English; sentence
marks of each script; words of text that has spaces, which stay what they were.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from humpback.core.expression import FieldError
from humpback.core.tables import Example, Page, Rejected
from humpback.segmenter import segments
from humpback.segmenter.boilerplate import is_prose
from humpback.segmenter.language import _detector, other_language
from humpback.segmenter.minhash import MinHash, firsts
from humpback.segmenter.sentences import repeated_pair, sentences
from humpback.segmenter.text import Block
from humpback.segmenter.tokens import unspaced, words
from humpback.spec.data import Segments
from humpback.spec.files import WebPages
from humpback.spec.languages import CODES, language_code

SAID = {
    "zh": "木桶要放在通风的地方晾干，不然桶底很快就会发霉。每年春天我都会把它刷一遍油。",
    "zh-Hant": "木桶要放在通風的地方晾乾，不然桶底很快就會發霉。每年春天我都會把它刷一遍油。",
    "ja": "木の桶は風通しのよい場所で乾かしてください。そうしないと底がすぐにかびてしまいます。",
    "ko": "나무통은 바람이 잘 통하는 곳에서 말려야 합니다. 그렇지 않으면 바닥에 금방 곰팡이가 핍니다.",
    "th": "ควรวางถังไม้ไว้ในที่ที่มีลมผ่านเพื่อให้แห้ง มิฉะนั้นก้นถังจะขึ้นราเร็วมาก ทุกฤดูใบไม้ผลิฉันจะทาน้ำมันใหม่",
    "ar": "يجب أن يجف البرميل الخشبي في مكان جيد التهوية، وإلا سيتعفن قاعه بسرعة. أدهنه بالزيت كل ربيع.",
    "hi": "लकड़ी के पीपे को हवादार जगह में सुखाना चाहिए, नहीं तो उसके तले में जल्दी फफूंद लग जाएगी।",
    "de": "Das Holzfass muss an einem luftigen Ort trocknen, sonst schimmelt der Boden schnell. Im März öle ich es.",
    "fr": "Le tonneau doit sécher dans un endroit aéré, sinon le fond moisit vite. Chaque printemps je le huile.",
    "es": "El barril debe secarse en un lugar ventilado, si no el fondo se llena de moho. Cada primavera lo engraso.",
    "pt": "O barril deve secar num lugar arejado, senão o fundo ganha bolor depressa. Na primavera ponho óleo nele.",
    "ru": "Бочку нужно сушить в проветриваемом месте, иначе дно быстро заплесневеет. Весной я смазываю её маслом.",
    "vi": "Thùng gỗ phải được phơi khô ở nơi thoáng gió, nếu không đáy thùng sẽ nhanh chóng bị mốc.",
    "tr": "Fıçı havadar bir yerde kurutulmalıdır, yoksa dibi çabucak küflenir. Her bahar onu yeniden yağlarım.",
    "en": "The barrel has to dry in an airy place, or its bottom will soon be full of mould. I oil it every spring.",
}


@pytest.mark.parametrize("tag", [tag for tag in SAID if tag != "en"])
def test_each_language_is_its_own_and_no_other(tag: str) -> None:
    code = language_code(tag, "x")
    assert code is not None
    for other, text in SAID.items():
        assert (other_language(text, code) == "") == (language_code(other, "x") == code), other


def test_neighbours_short_and_mixed_texts() -> None:
    bokmaal = "Tønna må tørke på et luftig sted, ellers mugner bunnen fort. Hver vår smører jeg den med olje."
    assert other_language(bokmaal, "no") == other_language(bokmaal, "nn") == ""
    assert other_language(bokmaal, "de") in ("no", "nn", "da")
    assert other_language("3 kg, 12 %", "zh") == other_language("", "de") == ""
    assert other_language(SAID["de"] * 3 + SAID["en"], "de") == ""
    assert other_language(SAID["en"] * 3 + SAID["zh"][:12], "zh") == "en"


def test_codes_are_the_detector_s_and_tags_begin_with_them() -> None:
    assert set(CODES) <= set(_detector().labels)
    assert [language_code(tag, "x") for tag in ("zh-CN", "pt_BR", "EN", "nb-NO", "iw", "any", "zh-Hant-TW")] == [
        "zh", "pt", "en", "no", "he", None, "zh"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "near"), [("chinese", "zh"), ("deu", "de"), ("xx", ""), ("jp", ""), ("enn", "en"), ("", "")]
)
def test_an_unknown_code_is_an_error_with_the_nearest(given: str, near: str) -> None:
    with pytest.raises(FieldError, match=f"--language is '{given}'") as error:
        language_code(given, "--language")
    if near:
        assert re.search(rf"did you mean (\w+ or )*{near}\b", str(error.value))


def page(*paragraphs: str) -> Page:
    return Page("u", "<h1>x</h1><h2>Fass</h2>" + "".join(f"<p>{one}</p>" for one in paragraphs))


def different(n: int) -> list[str]:
    """Chinese sentences of which no two are alike."""
    return ["".join(chr(0x4E00 + (i * 97 + j * 31 + i * j) % 3_000) for j in range(25)) + "。" for i in range(n)]


def only(given: Page, language: str | None) -> Example | Rejected:
    (row,) = segments(given, Segments(WebPages(()), language=language))
    assert isinstance(row, Example | Rejected)
    return row


def test_a_page_is_kept_in_its_language_alone_and_rejected_with_the_one_found() -> None:
    chinese = page("".join(SAID["zh"] + one for one in different(24)))
    assert isinstance(only(chinese, "zh"), Rejected)  # said 24 times over
    varied = page("".join(different(26)))
    assert isinstance(only(varied, "zh"), Example)
    assert isinstance(only(varied, None), Example)
    german = page(*(f"{i}. {SAID['de']} Dazu kommen {i * 7} Nägel und {chr(97 + i) * 9}." for i in range(6)))
    found = only(german, "zh")
    assert isinstance(found, Rejected)
    assert found.reason == "in another language: de, not zh"


REPEATED = {
    "zh": "下雨以后一定要把木桶倒空并且放在通风的地方晾干。",
    "ja": "雨が降ったあとは必ず桶を空にして風通しのよい場所で乾かしましょう。",
    "th": "หลังฝนตกต้องเทน้ำออกจากถังแล้ววางไว้ในที่ลมผ่าน ",
    "lo": "ຫຼັງຈາກຝົນຕົກຕ້ອງເທນ້ຳອອກຈາກຖັງແລ້ວວາງໄວ້ໃນບ່ອນທີ່ມີລົມ ",
    "km": "បន្ទាប់ពីភ្លៀងត្រូវចាក់ទឹកចេញពីធុងហើយទុកនៅកន្លែងមានខ្យល់។ ",
    "hi": "बारिश के बाद पीपे को खाली करके हवादार जगह में रखना चाहिए। ",
    "ar": "هل يجب بعد المطر إفراغ البرميل ووضعه في مكان جيد التهوية؟ ",
    "en": "After the rain the barrel has to be emptied and put in an airy place. ",
}


@pytest.mark.parametrize("tag", REPEATED)
def test_a_repeated_sentence_is_found_in_every_script(tag: str) -> None:
    sentence, other = REPEATED[tag], SAID.get(tag, "")
    assert repeated_pair(f"{sentence}{other} {sentence}", 3, 0.6) is not None
    assert repeated_pair(sentence + other, 3, 0.6) is None
    assert len(sentences(sentence * 3)) == 3


def test_short_sentences_may_stand_twice() -> None:
    assert repeated_pair("好的。没关系。" * 4, 3, 0.6) is None
    assert repeated_pair("ใช่ค่ะ " * 4, 3, 0.6) is None


@pytest.mark.parametrize("tag", [tag for tag in SAID if tag != "zh-Hant"])
def test_a_near_copy_is_found_in_every_script(tag: str) -> None:
    others = [text for other, text in SAID.items() if other not in (tag, "zh-Hant")]
    if tag in ("zh", "ja"):
        long = SAID[tag] + "".join(different(8))
    else:
        long = " ".join(f"{word} {SAID[tag]}" for word in ("first", "second", "third"))
    copy = f"{long[:40]}和{long[40:]}" if tag in ("zh", "ja") else f"{long} fourth"
    first = firsts([*others, long, copy], MinHash())
    assert list(first) == [*range(len(others)), len(others), len(others)]


def test_words_of_text_with_spaces_are_what_they_were() -> None:
    for text in (SAID["de"], SAID["fr"], SAID["ru"], SAID["ko"], "don’t, it’s 3.5 % — naïve_1"):
        assert words(text) == re.findall(r"\w+", text)
    assert words("我有 3 個 apples น้ำ") == ["我", "有", "3", "個", "apples", "น้", "ำ"]
    assert words("हिन्दी में") == ["हिन्दी", "में"]


def test_sentences_of_other_scripts_are_prose() -> None:
    for text in ("木桶要晾干。", "क्या यह सूखा है।", "هل جف البرميل؟", "ធុងស្ងួត។", "ก" * 60):
        assert is_prose(Block(text)), text
    assert not is_prose(Block("木桶"))
    assert not is_prose(Block("k" * 60))


SPACED = st.characters(exclude_categories=("Mn", "Mc", "Me")).filter(lambda c: not unspaced(c))


@given(st.one_of(st.text(st.characters(max_codepoint=0x17F)), st.text(SPACED)))
@example("".join(map(chr, range(0x2000, 0x20C0))) + "a—b")
@example("half \ud83d of a pair\x1fand\x00more\x85lines\u2028here")
def test_words_are_what_a_pattern_of_letters_digits_and_underscores_finds(text: str) -> None:
    assert words(text) == re.findall(r"\w+", text)
    ascii_ = text.encode("ascii", "ignore").decode()
    assert words(ascii_) == re.findall(r"\w+", ascii_)
