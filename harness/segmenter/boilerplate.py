"""What a page says about itself: headers that open a menu or a list of other pages, and lines that are no text.

These lists are assumptions, made while looking at a hundred and fifty real pages; `Segments.VERSION` covers them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from humpback.segmenter.sections import Section
from humpback.segmenter.text import Block
from humpback.segmenter.tokens import unspaced

_ALONE = re.compile(
    r"(?:\d+ )?(?:related|recommended|trending|popular|latest|top|recent|featured|more|other|similar|editors?'? picks?|"
    r"must reads?|most (?:read|popular|viewed|shared|commented|recent)|best of)"
    r"(?: (?:and|&|in|on|from|related|recommended|trending|popular|latest|top|recent|featured|more|other|similar|"
    r"news|stor(?:y|ies)|posts?|articles?|reads?|reading|topics?|content|videos?|pages?|links?|searches|products?|"
    r"now|today|this week|for you|headlines|stuff|resources?|entries|recipes?|blog|"
    r"reviews?|events|this (?:topic|section|author)|the (?:web|blog)))*|"
    r"(?:\d+ )?(?:comments?|responses?|repl(?:y|ies)|thoughts?|trackbacks?|pingbacks?)(?: (?:\d+|on\b.*|to\b.*))?|"
    r"share|sharing|tags?|topics|categor(?:y|ies)|archives?|menu|main menu|navigation|(?:site )?search|contents?|"
    r"table of contents|in this article|on this page|sections|sitemap|about|about us|contact|contact us|contacts|legal|"
    r"help|support|company|follow|connect|connect with us|social|newsletters?|subscri(?:be|ptions?)|log ?in|sign ?in|"
    r"sign ?up|register|account|my account|cart|privacy|cookies?|cookie (?:policy|settings|notice|preferences)|"
    r"privacy (?:policy|overview|preferences|settings|center)|terms(?: of use| and conditions)?|sponsored(?: content)?|"
    r"partners|ads?|promoted|references|notes|footnotes|bibliography|external links|see also|further reading|sources|"
    r"citations|credits|acknowledge?ments|author(?:s|'s)?(?: (?:information|notes|contributions))?|rights and "
    r"permissions|additional information|(?:copyright|license)(?: information)?|disclaimer|discussion guidelines|"
    r"watch|photos|gallery|videos?|up next|next|previous|widget|sidebar|footer|services|weather|events|games|"
    r"jobs|classifieds|obituaries|navigation menu|breadcrumbs?|languages?|downloads?|releases|packages|contributors"
)
_OPENING = re.compile(
    r"(?:share (?:this|on|via|your (?:thoughts|story|stories|comments?|views?|opinions?|experiences?|feedback))\b|"
    r"follow (?:us|me on)\b|sign ?up (?:for|to)\b|subscribe (?:to|for|now|via|today)\b|"
    r"join (?:our (?:\w+ )?(?:newsletter|mailing|community|list|team)|the (?:conversation|discussion|newsletter))|"
    r"(?:leave|post|add|write|submit) (?:a|your) (?:comment|reply|response|review|message)|comment on this\b|"
    r"you (?:may|might)(?: have)? (?:also|like|missed|enjoy|be interested)|(?:people|readers) also|also (?:on|read)\b|"
    r"read (?:more|next|also|our|the full)\b|more (?:from (?!less)|stories|about this|like this)|most read|"
    r"recommended for you|about (?:the author|this author|me\b)|written by (?!hand)|author:|"
    r"get (?:the latest|(?:the|our) (?:\w+ )?newsletter|our|daily)\b|related (?:to this|posts|articles|stories)|"
    r"what (?:others|people) are (?:saying|reading|asking|searching|buying|talking)|we (?:use|value|care about) "
    r"(?:cookies|your)|your privacy|manage (?:your )?(?:consent|cookie|privacy|preference|subscription|account)|"
    r"this (?:web)?site uses|our newsletter|latest (?:from|in|on)\b|(?:popular|trending) (?:in|on) (?!the \d)|"
    r"filed under|tagged|continue reading|keep reading|next (?:up|article|post)|previous (?:article|post)|"
    r"in case you missed|don'?t miss(?: (?:out|it|our|these|a (?:story|post|thing))\b|$)|"
    r"stay (?:connected|up[- ]to|updated|in touch|informed)|support (?:us|independent|our (?:work|journalism|site))\b|"
    r"thank(?:s| you) for (?:reading|subscribing|signing|your (?:order|purchase|feedback|support|comment))|"
    r"advertise (?:with|here|on)\b|advertisement|advertise$|download (?:our|the) app\b|free (?:trial|newsletter)|"
    r"the latest(?:$| (?:from|in|on|news|stories|posts|headlines|videos)\b)|"
    r"today's (?:top|most|news|paper|picks|headlines|deals|stories)|from our (?:partners|sponsors)|"
    r"around the web|from the web|rate this (?:article|page|post|recipe|story|product|video)|post navigation|"
    r"reader interactions|primary sidebar|find us (?:on|here)|contact (?:us|the (?:author|editor|writer|newsroom))\b|"
    r"copy link|email (?:this|address)|before you go$|like this(?:$| (?:post|article|story|page|recipe|blog)\b)|"
    r"did you (?:make|try) (?:this|it)|send us (?:a|an|your)\b|newsletter sign|access (?:options|through)|"
    r"buy (?:now|this (?:article|book|issue))|search (?:(?:for|this|results|the site|this site)$|results for)|"
    r"(?:select|choose) (?:your|a) (?:country|region|language|location|currency|edition|store|site)\b|"
    r"already (?:a|have an?) (?:subscriber|member|account)|already registered|create (?:an )?account$)"
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|"
    r"\d{1,2}/\d{1,2}/\d{2,4})"
)
_BYLINE = re.compile(
    r"(?:article |story |words |text |posted |written |published |updated )?by:?(?: .{1,100})?|"
    r"\d+ (?:min(?:ute)?s?|hours?|days?|weeks?|months?|years?) (?:ago|read)",
    re.IGNORECASE,
)
_IN_SENTENCE = re.compile(r"(?<=\s)(?!(?:and|by|on|at|of|the|for|in|a\.?m|p\.?m)\b)[a-z]")
"""Words that a name, a place and a date have none of."""
_DIGIT = re.compile(r"\d")
_DATE_LINE = re.compile(rf".{{0,40}}{_DATE}.{{0,40}}", re.IGNORECASE)
_DATED = re.compile(rf"{_DATE}$", re.IGNORECASE)
_LINE = re.compile(
    r"(?:advertisements?|ad|sponsored|promoted|loading\W*|share(?: (?:this|on|via|it).{0,40})?|tweet|pin(?: it)?|email|"
    r"print|copy(?: link)?|facebook|twitter|whatsapp|linkedin|reddit|pinterest|comments?(?: \(?\d+\)?)?|"
    r"\d+ comments?|save|like|reply|follow|subscribe(?: .{0,60})?|sign (?:up|in).{0,60}|log ?in.{0,40}|"
    r"(?:read|see|learn|view|show|find out) (?:more|less|all|full).{0,80}|continue reading.{0,60}|click here.{0,80}|"
    r"(?:skip|jump) to .{0,40}|back to top|filed under .{0,160}|story continues(?: below)?.{0,40}|"
    r"article continues.{0,40}|scroll (?:down|to).{0,60}|"
    r"(?:don['’]?t miss|more (?:from|on|stories)|latest posts? (?:by|from)|you (?:may|might) also|most read)\b.{0,80}|"
    r"(?:related(?: \w+)?|also read|read also|read next|recommended|more(?: on this| from)?|see also|watch|listen|"
    r"must read|source|sources|images?|tags?|filed under|categor(?:y|ies)|topics|via|main article|published|updated|"
    r"last (?:updated|modified|edited)|editor'?s note|follow \w+)\s?:.{0,160}|"
    r"\(?(?:photos?|images?|pictures?|credit|courtesy)(?: (?:source|credit|courtesy|by))?(?: of)?\s?:.{0,120}|"
    r"(?:©|\(c\)|copyright\b).{0,200}|[\W\d_]*)",
    re.IGNORECASE,
)
_PHRASES = (
    "follow us on", "follow me on", "follow him on", "follow her on", "follow them on", "like us on", "like me on",
    "sign up here", "subscribe here", "click here", "register here", "terms of use", "terms of service",
    "privacy policy", "cookie policy", "getty images", "affiliate link", "affiliate commission", "newsletter",
    "unsubscribe", "thank you for subscribing", "enable javascript", "javascript is disabled",
    "required fields are marked", "javascript is required", "browser does not support", "unsupported browser",
    "supported by advertising", "email address will not be published",
    "download the app", "download our app", "news app", "have your say", "your inbox", "all rights reserved",
    "thank you for reading",
)  # fmt: skip
"""A short line with one of these is about the page."""
_ADDRESS = re.compile(r"\S+@\S+\.\w")
_WALL_WORDS = ("subscribe", "log in", "login", "sign in", "signin", "register", "member")
"""Cheaper to look for than the pattern, which has one of them in every branch."""
_WALL = re.compile(
    r"(?:to (?:continue|keep|view|read|access|see)\b.{0,60}(?:subscribe|log ?in|sign ?in|register|become a member)|"
    r"(?:already|you['’]re already|you are already) a (?:subscriber|member)|"
    r"(?:subscribers?|members?)[- ]only (?:content|article|story))"
)
_LONGEST_LINE = 260
"""A line that names one of these is left out only where it is short: an article on cookies is none."""
_LABEL = 60
"""Characters of a paragraph that is no sentence; at the head or the end of a segment it names an author or a site."""
STOPS = (
    *(".", "!", "?", ":", ";", '"', "”", "’", ")", "]", "…", "。", "！", "？", "」"),
    *("｡", "：", "；", "』", "）", "】", "》", "؟", "۔", "؛", "।", "॥", "။", "។", "።", "፧", "՞", "։", "ฯ"),
)


@lru_cache(maxsize=1_000)
def is_navigation(header: str) -> bool:
    """Whether a section of this header leads elsewhere: related pages, comments, subscriptions, references."""
    text = header.lower().replace("’", "'").strip(" :.…!?|»›>-–—*#\t")
    return len(text) <= 80 and (_ALONE.fullmatch(text) is not None or _OPENING.match(text) is not None)


def drop_page_lines(section: Section) -> None:
    """Take out of a section, and those inside, the blocks that are no text: calls to share or subscribe, bylines,
    copyright lines, lines that are a link. How many bylines and dates there were stays known."""
    own = section.own
    short = "\n".join([block.text for block in own if len(block.text) <= _LONGEST_LINE]).lower()
    phrases = [phrase for phrase in _PHRASES if phrase in short]
    if phrases:  # what the header names or a long paragraph speaks of is the section's subject
        subject = "\n".join([section.header, *(block.text for block in own if len(block.text) > _LONGEST_LINE)]).lower()
        phrases = [phrase for phrase in phrases if phrase not in subject]
    parts: list[Block | Section] = []
    before = introduced = False
    marker = ""
    for part in section.parts:
        if isinstance(part, Section):
            drop_page_lines(part)
            section.bylines += part.bylines
        elif len(part.text) > _LONGEST_LINE or part.kind in ("code", "row"):
            introduced = part.text.endswith((":", "："))
        elif part.kind == "item" and introduced:
            pass  # "You need:" and its list, whatever the items are
        elif _is_byline(part):
            section.bylines += not before  # name, place and date in a row are one byline
            before = True
            continue
        elif _is_line(part, phrases):
            marker = part.marker or marker
            continue
        elif part.kind == "item" and not part.marker:
            part.marker = marker  # what the item opened with was taken out
        else:
            introduced = part.text.endswith((":", "："))
        before, marker = False, ""
        parts.append(part)
    section.parts = parts


def without_labels(blocks: list[Block]) -> list[Block]:
    """Without the labels before the first sentence and after the last: an author's name, a place, a site."""
    first = next((i for i, block in enumerate(blocks) if not _is_label(block)), len(blocks))
    if first == len(blocks):
        return blocks
    if blocks[first].kind != "paragraph":
        first = 0  # a label before a list is its heading
    last = len(blocks)
    while last > first and _is_label(blocks[last - 1]):
        last -= 1
    if last - first > 2 and _is_label(blocks[last - 2]) and blocks[last - 1].text.startswith(blocks[last - 2].text):
        last -= 2  # an author's name, then "NAME is ..."
    return blocks[first:last]


def asks_for_a_subscription(text: str) -> bool:
    """Whether the text stops where paying readers go on."""
    lower = text.lower()
    return any(word in lower for word in _WALL_WORDS) and _WALL.search(lower) is not None


def is_prose(block: Block) -> bool:
    """A sentence (or a line that is as long as one), code or a row."""
    return block.kind in ("code", "row") or block.text.endswith(STOPS) or _width(block.text) >= 100


def _is_label(block: Block) -> bool:
    return block.kind == "header" or (
        block.kind == "paragraph"
        and len(block.text) <= _LABEL
        and not block.text.endswith(STOPS)
        and _width(block.text) <= _LABEL
    )


def _width(text: str) -> int:
    """Its length in characters, those that are a word or half of one counted twice."""
    return len(text) + unspaced(text)


def _is_byline(block: Block) -> bool:
    text = block.text
    if block.kind != "paragraph" or len(text) > 110 or (len(text) > _LABEL and text.endswith(STOPS)):
        return False
    if text.endswith((".", "!", "?")) and len(_IN_SENTENCE.findall(text)) > 1:
        return False  # "By noon the fog had lifted.", "On 3 May 2020 the bridge fell."
    if _BYLINE.fullmatch(text):
        return True
    return _DIGIT.search(text) is not None and _DATE_LINE.fullmatch(text) is not None


def _is_line(block: Block, phrases: Sequence[str]) -> bool:
    text = block.text
    if block.links >= 0.75 * len(text) and (block.kind == "paragraph" or len(text) < 25) and text[-1] not in ".,:;":
        return True
    if block.kind == "item" and block.links >= 0.6 * len(text) and _DATED.search(text):
        return True
    return (
        any(phrase in text.lower() for phrase in phrases)
        or ("@" in text and _ADDRESS.search(text) is not None)
        or _LINE.fullmatch(text) is not None
    )
