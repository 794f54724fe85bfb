"""What on a page is no text of it: elements that are dropped while the tree is walked, by tag, attribute or name.

Names are what authors call their containers (`class`, `id`). An article's own container can carry such a word too
("comments-open", "has-sidebar"), so an element that holds the page's h1 or its <main> is never dropped for its name.
"""

from __future__ import annotations

import re
from functools import lru_cache

from selectolax.lexbor import LexborNode

from humpback.segmenter.words import words_of

SILENT = words_of(
    "script style noscript template svg math iframe object embed canvas audio video map head title select datalist "
    "textarea input button img picture source track link meta dialog figcaption frameset noframes noembed amp-ad "
    "amp-social-share"
)
"""Dropped with all that they hold, and nothing is said of it: they have no text of the page."""

ASIDE = words_of("nav aside footer menu")
"""Dropped too, but a header in them makes them a rejected segment."""

UNNAMED = words_of("b i em strong u s small big font tt abbr acronym cite q mark ins time var dfn wbr bdi bdo")
"""Formatting whose attributes are not looked at, because most elements are of these and none was seen to matter."""

_ROLES = words_of("navigation search complementary contentinfo dialog alertdialog menu menubar toolbar tablist")

_WORDS = r"""
cookies?|gdpr|onetrust|consent|cmp|ccpa|
nav|navs|navbar|navi|subnav|navigation|nav\w*menu|menus?|submenu|megamenu|breadcrumbs?|crumbs?|pagination|pager|paging|
toc|sitemap|share|shares|sharing|sharebar|sharethis|sharedaddy|sharebuttons?|socials?|socialmedia|addthis|addtoany|
a2a|followus|related|relatedposts|recommend|recommended|recommendations?|recirc|recirculation|outbrain|taboola|
trending|mostread|popular|upnext|readnext|readmore|comments?|commentlist|commentform|disqus|respond|
sidebar|sidebars|rail|widget|widgets|footer|masthead|topbar|newsletter|newsletters|subscribe|subscription|signup|
signin|login|optin|paywall|promo|promos|promotion|advert|adverts|advertisement|advertising|advertisment|ad|ads|
adsense|adslot|adunit|adbox|dfp|gpt|sponsor|sponsors|sponsored|modal|modals|popup|popover|overlay|lightbox|
tooltip|skip|skiplink|byline|dateline|timestamp|authorbox|bio|postmeta|tagcloud|tags|taglist|caption|credit|credits|
printfooter|noprint|editsection|navbox|catlinks|reflist|references|metadata|gutter|linenos|lineno|linenumbers|
visuallyhidden|offscreen|srt|carousel|slideshow|toolbar|copyright|disclaimer|affiliate|jumplink|
teaser|teasers
"""
_NAMED = re.compile(rf"(?:^|[\s_-])(?:{''.join(_WORDS.split())})(?=$|[\s_-])")
_PHRASES = re.compile(
    r"screen-reader|sr-only|visually-hidden|hidden-print|author-(?:box|bio|info|card|profile)|about-?(?:the-)?author|"
    r"(?:post|entry|article|story)[-_]+(?:meta|tags|nav|footer|info|utility|tools|share)|site-header|page-header-nav|"
    r"more-(?:stories|posts|news|from|articles|on|in|like)|read-(?:more|next|also)|you-?may|also-?like|"
    r"most-(?:read|viewed|popular)|latest-(?:posts|news|stories)|recent-(?:posts|comments)|"
    r"(?:^|[\s_-])(?:mc4wp|wp-block-buttons|jp-relatedposts|wprm-recipe-(?:buttons|rating)|mw-jump)|"
    r"jump-to-recipe|print-?(?:button|link|recipe)|sign-?up|opt-?in-|email-(?:form|capture|signup)|"
    r"table-of-contents|ez-toc|back-to-top|skip-(?:to|link)|edit-?section|privacy-(?:banner|notice)|call-to-action"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BODY = re.compile(
    r"hentry|(?:^|\s)(?:entry|post|article|story)[-_]{1,2}(?:content|body|text)(?:$|\s)|mw-parser-output"
)
"""What containers of the text itself are called, whatever other words stand beside it."""
_AROUND = words_of("div section header table tbody tr td center span")
"""What a page's text can stand in."""
_TEXT = "h1,main,[itemprop=articleBody],.entry-content,.post-body,.article-body"
_LONGEST_NAME = 1_000
_ALOUD = re.compile(r"screen-reader|sr-only|visually-?hidden|offscreen", re.IGNORECASE)
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether the element does not show."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style and _HIDING.search(style))


def is_read_aloud_alone(attributes: dict[str, str | None]) -> bool:
    """Whether the element is for screen readers and does not show."""
    names = attributes.get("class")
    return bool(names and _ALOUD.search(names))


def furniture_name(attributes: dict[str, str | None]) -> str:
    """The word in the element's role, class or id that says that it is no text of the page; "" where there is none."""
    role = attributes.get("role")
    if role in _ROLES:
        return role or ""
    return _named(attributes.get("class"), attributes.get("id"))


@lru_cache(maxsize=50_000)
def _named(classes: str | None, id_: str | None) -> str:
    """Answers are kept, because a page's elements, and a site's pages, share their names."""
    words = _CAMEL.sub("-", f"{classes or ''} {id_ or ''}"[:_LONGEST_NAME]).lower()
    match = None if _BODY.search(words) else _NAMED.search(words) or _PHRASES.search(words)
    return match.group().strip(" _-\t\n\r\f") if match else ""


def holds_the_text(node: LexborNode, tag: str) -> bool:
    """Whether the page's title, its <main> or an article's body is inside."""
    return tag in _AROUND and node.css_first(_TEXT) is not None
