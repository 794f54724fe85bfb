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
    "script style noscript template svg iframe object embed canvas audio video map head title select datalist "
    "textarea input button picture source track link meta dialog figcaption frameset noframes noembed amp-ad "
    "amp-social-share rp"
)
"""Dropped with all that they hold, and nothing is said of it: they have no text of the page."""

ASIDE = words_of("nav aside footer menu")
"""Dropped too, but a header in them makes them a rejected segment."""

UNNAMED = words_of("b i em strong u s small big font tt abbr acronym cite mark ins time var dfn wbr bdi bdo")
"""Formatting whose attributes are not looked at, because most elements are of these and none was seen to matter."""

_ROLES = words_of("navigation search complementary contentinfo dialog alertdialog menu menubar toolbar tablist")

_WORDS = r"""
cookies?|gdpr|onetrust|consent|ccpa|
nav|navs|navbar|navi|subnav|navigation|nav\w*menu|menus?|submenu|megamenu|breadcrumbs?|crumbs?|pagination|pager|paging|
toc|sitemap|share|shares|sharing|sharebar|sharethis|sharedaddy|sharebuttons?|socials?|socialmedia|addthis|addtoany|
a2a|followus|related|relatedposts|recommend|recommended|recommendations?|recirc|recirculation|outbrain|taboola|
trending|mostread|popular|upnext|readnext|readmore|comments?|commentlist|commentform|disqus|respond|
sidebar|sidebars|rail|widget|widgets|footer|masthead|topbar|newsletter|newsletters|subscribe|subscription|signup|
signin|login|optin|paywall|promo|promos|promotion|advert|adverts|advertisement|advertising|advertisment|ad|ads|
adsense|adslot|adunit|adbox|dfp|gpt|sponsor|sponsors|sponsored|modal|modals|popup|popover|overlay|lightbox|
tooltip|skip|skiplink|byline|dateline|timestamp|authorbox|bio|postmeta|tagcloud|tags|taglist|caption|credit|credits|
printfooter|noprint|editsection|navbox|catlinks|reflist|references|metadata|
visuallyhidden|offscreen|srt|carousel|slideshow|toolbar|copyright|disclaimer|affiliate|jumplink|
teaser|teasers|prefooter
"""
_NAMED = re.compile(rf"(?:^|[\s_-])(?:{''.join(_WORDS.split())})(?=$|[\s_-])")
_PHRASES = re.compile(
    r"(?:^|[\s_-])(?:"
    r"screen-reader|sr-only|visually-hidden|hidden-print|author-(?:box|bio|info|card|profile)|about-?(?:the-)?author|"
    r"(?:post|entry|article|story)[-_]+(?:meta|tags|nav|footer|info(?!r)|utility|tools|share)|site-header|"
    r"page-header-nav|more-(?:stories|posts|news|from|articles|on|in|like)|read-(?:more|next|also)|you-?may|also-?like|"
    r"most-(?:read|viewed|popular)|latest-(?:posts|news|stories)|recent-(?:posts|comments)|"
    r"mc4wp|wp-block-buttons|jp-relatedposts|wprm-recipe-(?:buttons|rating)|mw-jump|"
    r"jump-to-recipe|print-?(?:button|link|recipe)|sign-?up|opt-?in-|email-(?:form|capture|signup)|"
    r"table-of-contents|ez-toc|back-to-top|skip-(?:to|link)|edit-?section|privacy-(?:banner|notice)|call-to-action|"
    r"cmp-?(?:banner|box|cookie|consent))"
)
_SAID_OF_IT = re.compile(
    r"(?<=[\s_-])(?:no|not|non|has|with|without|hide|enable|disable)[-_]\S+|"
    r"(?<=\s)(?:elementor-widget(?:-wrap|-container)?(?=[\s-])|widget-(?:span|type)(?=[\s-])|hs_cos_wrapper_widget|"
    r"ui-widget\S*|so-panel widget|widget_sow-\S+|siteorigin-widget-\S+)"
)
"""Names that say what else stands on the page ("has-sidebar", "wsite-not-footer"), or that page builders (Elementor,
HubSpot, jQuery UI, SiteOrigin) give to every part of a page."""
_OF_OTHERS = re.compile(r"comment|disqus|respond|relat|recommend|recirc|trending|read|popular|cookie|consent|gdpr")
"""Names of what can be longer than the page's own text."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BODY = re.compile(
    r"hentry|(?:^|\s)(?:entry|post|article|story)[-_]{1,2}(?:content|body|text)(?:$|\s)|mw-parser-output"
)
"""What containers of the text itself are called, whatever other words stand beside it."""
_AROUND = words_of("div section header table tbody tr td center span")
"""What a page's text can stand in."""
_TEXT = "h1,main,[role=main],[itemprop=articleBody],.entry-content,.post-body,.article-body"
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
    words = _CAMEL.sub("-", f" {classes or ''} {id_ or ''} "[:_LONGEST_NAME]).lower()
    if _BODY.search(words):
        return ""
    words = _SAID_OF_IT.sub(" ", words)
    match = _NAMED.search(words) or _PHRASES.search(words)
    return match.group().strip(" _-\t\n\r\f") if match else ""


def holds_the_text(node: LexborNode, tag: str, word: str, page: int) -> bool:
    """Whether the page's title, its <main> or an article's body is inside; or most of the `page`'s characters, where
    `word` is only a part of the element's name ("sidebar-layout") and says nothing of others' texts."""
    if tag not in _AROUND:
        return False
    if node.css_first(_TEXT) is not None:
        return True
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower().split()
    return not (word in names or word in _ROLES or _OF_OTHERS.search(word)) and is_most(node, page)


def is_most(node: LexborNode, page: int) -> bool:
    """Whether more than half of the `page`'s characters outside of links are inside."""
    return 2 * unlinked(node) > page


def unlinked(node: LexborNode) -> int:
    """How many characters are not in links."""
    return len(node.text(deep=True)) - sum(len(link.text(deep=True)) for link in node.css("a"))


def is_called_after(attributes: dict[str, str | None], header: str) -> bool:
    """Whether an element's id is its header's words, as documents are given ids by: "related-work" is a chapter."""
    id_ = attributes.get("id") or ""
    return attributes.get("role") not in _ROLES and _slug(id_) == _slug(header) != ""


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")
