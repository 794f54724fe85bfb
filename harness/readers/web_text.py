"""From bytes that a web server sent to text: HTTP messages, their encodings, and character sets.

Archives differ in what they keep: some store the body as it went over the wire and some decoded, under the same
headers. So an encoding that a header names and the body does not have is taken as undone already. Character sets
are found in the order that browsers use: byte order mark, HTTP header, `<meta>`; then by looking at the bytes.
"""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass

from humpback.readers.decompression import GZIP, ZSTD

LARGEST_PAGE = 8 << 20
"""Bytes of one page's HTML."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"(?:HTTP/\d(?:\.\d)?|ICY)\s+(\d{3})\b")
_MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+")
_UNTOLD = ("unknown/unknown", "application/unknown")
"""Media types that browsers look past, at the bytes."""
_CHUNK = re.compile(rb"\s*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,200})?\r?\n")
_META = re.compile(rb"<meta\b[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,100}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})")
# Atomic groups, or comments one after another would be tried in all partitions.
_HTML = re.compile(
    rb"\s*+(?:<\?xml\b[^>]{0,300}>\s*+)?(?:(?><!--.{0,2000}?-->)\s*+)*+"
    rb"<(?:!doctype\s+html|html|head|body|meta|title|div|p|h[1-6]|article|main|section|table|ul|ol)\b",
    re.IGNORECASE | re.DOTALL,
)
_BEGINS = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TAG = re.compile(rb"\s*<[a-zA-Z][a-zA-Z0-9]*[\s>]")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROLS = bytes([*range(0x01, 0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
"""Bytes that no text has. NUL is dropped, and ESC belongs to Japanese encodings."""
_HIGH = bytes(range(0x80, 0x100))
_PYTHON = {"gbk": "gb18030", "gb2312": "gb18030"}
"""Where browsers read a superset of what the label says."""
_OF_BYTES = ("cp125", "iso8859-", "koi8-", "mac-", "cp866")
"""Encodings of a byte to a character, which servers declare for whatever they send."""
_MOST_JUNK = 0.05
"""Share of control and replacement characters above which something is no text."""


class NoText(ValueError):
    """Why bytes are no page."""


@dataclass(frozen=True)
class Response:
    """An HTTP response as an archive holds it."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


def media_type(content_type: str) -> str:
    """The media type of a Content-Type, without its parameters: of a list the last one, as for browsers. Empty where it
    names none."""
    # Where no comma parts them, what stands before a parameter is the type.
    found = [match for part in content_type.lower().split(",") if (match := _MEDIA.match(part.strip(" \t\"';")))]
    return "" if not found or found[-1].group() in _UNTOLD else found[-1].group()


def charset(content_type: str) -> str:
    """The character set of a Content-Type; empty where it names none."""
    found = re.search(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", content_type, re.IGNORECASE)
    return found.group(1) if found else ""


def response(message: bytes) -> Response:
    """An HTTP response's parts, the body as it is.

    Raises:
        NoText: when this is no HTTP response.
    """
    status = _STATUS.match(message)
    if not status:
        raise NoText(f"no HTTP status line: it begins with {message[:24]!r}")
    end = _HEAD_END.search(message)
    head, body = (message[: end.start()], message[end.end() :]) if end else (message, b"")
    return Response(int(status.group(1)), headers_of(head.decode("latin-1")), body)


def headers_of(head: str) -> dict[str, str]:
    """Names in lower case and values of a message's header, without its first line; of a name that stands twice the
    first value. A line that begins with a space goes on with the one before."""
    headers: dict[str, str] = {}
    for line in re.sub(r"\r?\n[ \t]+", " ", head).split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def unpacked(sent: Response, *, cut: bool = False) -> bytes:
    """The body without transfer and content encodings: those that its headers name, and gzip or zstd by their first
    bytes, for some servers compress twice or do not say so. Of a body that was `cut` when it was stored, what is there.

    Raises:
        NoText: when it is damaged, larger than LARGEST_PAGE, or encoded in a way that is not known.
    """
    body = sent.body
    if "chunked" in sent.headers.get("transfer-encoding", "").lower():
        body = _joined(body, cut)
    for name in reversed(sent.headers.get("content-encoding", "").lower().split(",")):
        body = _decompressed(body, name.strip(), cut)
    for _ in range(2):
        unsaid = "gzip" if body.startswith(GZIP) else "zstd" if body.startswith(ZSTD) else ""
        body = _decompressed(body, unsaid, cut)
    if len(body) > LARGEST_PAGE:
        raise NoText(f"the page has {len(body)} bytes; up to {LARGEST_PAGE} are read")
    return body


def _joined(body: bytes, cut: bool) -> bytes:
    """A chunked body in one piece; one that is not chunked as it is."""
    parts: list[bytes] = []
    at = 0
    while size := _CHUNK.match(body, at):
        length = int(size.group(1), 16)
        if not length:
            return b"".join(parts)
        part = body[size.end() : size.end() + length]
        parts.append(part)
        at = size.end() + length
        if len(part) < length:
            break
    if not at:
        return body
    if cut:
        return b"".join(parts)
    raise NoText(f"the chunked body breaks off after {sum(map(len, parts))} bytes")


def _decompressed(body: bytes, name: str, cut: bool) -> bytes:
    if name in ("", "identity", "none", "utf-8") or not body or _HTML.match(body[:4_096]):
        return body
    try:
        match name:
            case "gzip" | "x-gzip":
                return _inflated(body, 31, cut) if body.startswith(GZIP) else body
            case "deflate":
                # Servers send this with zlib's header and without.
                return _inflated(body, 15 if body[0] & 0x0F == 8 else -15, cut)
            case "br" | "zstd":
                import pyarrow as pa

                codec = "brotli" if name == "br" else name
                return bytes(pa.CompressedInputStream(pa.BufferReader(body), codec).read(LARGEST_PAGE + 1))
    except (zlib.error, EOFError, OSError) as error:
        raise NoText(f"the body is no whole {name} stream ({error})") from error
    raise NoText(f"Content-Encoding {name!r}; known are gzip, deflate, br and zstd")


def _inflated(body: bytes, window: int, cut: bool) -> bytes:
    data = b""
    while True:
        unpack = zlib.decompressobj(window)
        data += unpack.decompress(body, LARGEST_PAGE + 1 - len(data))
        if len(data) > LARGEST_PAGE:
            return data
        if not unpack.eof and not (cut and data):
            raise EOFError("it ends early")
        body = unpack.unused_data
        if not body.startswith(GZIP):  # what else follows the last member is padding
            return data


def looks_like_html(head: bytes) -> bool:
    """Whether bytes begin as HTML does."""
    for mark, _ in _MARKS:
        head = head.removeprefix(mark)
    return bool(_HTML.match(head.replace(b"\x00", b"")[:4_096]))


def holds_html(head: bytes) -> bool:
    """Whether bytes begin with a tag, or a page begins in them behind a comment or a line of text."""
    head = head.replace(b"\x00", b"")
    return looks_like_html(head) or _TAG.match(head) is not None or _BEGINS.search(head) is not None


def decode_page(raw: bytes, declared: str = "") -> str:
    """The text of a page, without NUL; what cannot be decoded becomes U+FFFD.

    Raises:
        NoText: when there is nothing in it, or too much of it is no text.
    """
    marked = next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), None)
    text = raw[len(marked[0]) :].decode(marked[1], "replace") if marked else _by_declaration(raw, declared)
    text = text.removeprefix("\ufeff").replace("\x00", "")
    if not text.strip():
        raise NoText("nothing is in it")
    some = len(raw) - len(raw.translate(None, _CONTROLS)) > _MOST_JUNK / 4 * len(raw)
    controls = len(text) - len(text.translate(dict.fromkeys(_CONTROLS))) if some else 0
    junk = controls + text.count("\ufffd")
    if junk > _MOST_JUNK * len(text):
        raise NoText(f"no text: {junk} of {len(text)} characters are control or replacement characters")
    return text


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8, which those of a text in another encoding are not by chance."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)  # its end may be cut off inside a character
        return not raw.isascii()
    except UnicodeDecodeError:
        return False


def _by_declaration(raw: bytes, declared: str) -> str:
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    found = _META.search(raw, 0, 4_096) or _XML.match(raw[:300])
    for label in (declared, found.group(1).decode("ascii", "replace") if found else "", "utf-8"):
        name = map_encoding_to_html5(label, fallback_utf8=False) if label else None
        if name is None:
            continue
        if label != declared and name.startswith("utf-16"):
            name = "utf-8"  # the label could be read, so the bytes are not two to a character
        if name.startswith(_OF_BYTES) and _is_utf8(raw):
            name = "utf-8"
        text = raw.decode(_PYTHON.get(name, name), "replace")
        bad = text.count("\ufffd")
        # A few bad bytes are damage; many are another encoding than was said.
        if not bad or 8 * bad <= len(raw) - len(raw.translate(None, _HIGH)):
            return text
    if raw.count(0) > len(raw) // 5:
        return raw.decode("utf-16-le" if raw[1::2].count(0) > raw[::2].count(0) else "utf-16-be", "replace")
    guessed = detect_encoding(raw) or "cp1252"
    return raw.decode(_PYTHON.get(guessed, guessed), "replace")
