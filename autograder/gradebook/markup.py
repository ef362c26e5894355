"""Markdown and code of notebooks as HTML that a browser shows without running or loading anything: for the feedback page.

Formulas become MathML, so they are shown offline. Raw HTML passes a sanitiser, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape, unescape
from itertools import groupby
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from bleach.sanitizer import Cleaner
from latex2mathml.converter import convert_to_element
from markupsafe import Markup
from mistune import import_plugin
from mistune.util import striptags
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String

from autograder.errors import printable
from autograder.gradebook.autograded_notebook import pictures

MARKDOWN_LENGTH, CODE_LENGTH, FORMULA_LENGTH = 20_000, 50_000, 2_000
"""Characters of a cell, or of a formula, up to which it is converted; a longer cell is plain text, and a longer formula its LaTeX."""

_PLUGINS = ("strikethrough", "table", "url", "def_list")

_TAGS = frozenset(
    """a b blockquote br code dd del details dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s span strong sub summary sup
    table tbody td th thead tr u ul""".split()  # noqa: SIM905
)
_ALLOWED = {
    ("a", "href"): re.compile(r"https?://[!-~]*"),
    ("span", "class"): re.compile(r"[ckms]"),
    ("ol", "start"): re.compile(r"\d{1,6}"),
}
"""The attributes that an element may have, and their values: none can hold a place (`_PLACE`)."""


def html_of(markdown: str, attachments: Any = None) -> Markup:
    """Return a Markdown cell as HTML.

    Parameters
    ----------
    markdown : str
        Its source.
    attachments : mapping, optional
        The attached pictures by name, as a notebook keeps them.
    """
    found = attachments if isinstance(attachments, Mapping) else {}
    shown = {name: pictures(dict(bundle)) for name, bundle in found.items() if isinstance(bundle, Mapping)}
    return _html_of(markdown, tuple((name, *next(iter(bundle.items()))) for name, bundle in shown.items() if bundle))


def line_of(markdown: str) -> Markup:
    """Return a line of Markdown, such as a heading's, as HTML with nothing but emphasis, code and formulas: it may stand in a link."""
    return Markup(_NOT_IN_A_LINE.sub("", html_of(markdown)).strip())


@lru_cache(maxsize=1024)  # most cells are the lecture's, and equal in all submissions
def _html_of(markdown: str, attached: tuple[tuple[str, str, str], ...]) -> Markup:
    if len(markdown) > MARKDOWN_LENGTH:
        return plain(markdown)
    renderer = _Renderer({name: f"data:{mime};base64,{data}" for name, mime, data in attached})
    try:
        parser = MarkdownWithMath(renderer, plugins=[import_plugin(name) for name in _PLUGINS])
        html = _cleaner().clean(parser.render(_PLACE.sub("", printable(markdown))))
    except Exception:  # the parsers raise whatever they like, such as RecursionError, on texts that are made for it
        return plain(markdown)
    html = html.replace("<th></th>", "<td></td>")
    return Markup(_PLACE.sub(lambda place: renderer.put[int(place[1])], html))


def _cleaner() -> Cleaner:
    return Cleaner(tags=_TAGS, attributes=_is_allowed, protocols=["http", "https"])


def _is_allowed(tag: str, name: str, value: str) -> bool:
    return (tag, name) in _ALLOWED and _ALLOWED[tag, name].fullmatch(value) is not None


def picture(bundle: Any, text: str) -> Markup | None:
    """Return the picture in an output's data, with a text for those who don't see it; None if it has none."""
    data = next((f"data:{mime};base64,{image}" for mime, image in pictures(bundle).items()), None)
    return Markup('<img src="{}" alt="{}">').format(data, printable(text)) if data else None


def plain(text: str) -> Markup:
    """Return text as it is, in a block that keeps its lines; cut at `CODE_LENGTH`."""
    rest = f"\n(and {len(text) - CODE_LENGTH} characters more)" if len(text) > CODE_LENGTH else ""
    return Markup("<pre>{}</pre>").format(printable(text[:CODE_LENGTH]) + rest)


# --- Markdown ---------------------------------------------------------------------------------------------------------------

# Where a formula or a picture will stand, in characters that the sanitiser leaves alone, and that no text contains.
_PLACE = re.compile("\ue000(\\d+)\ue001|[\ue000\ue001]")


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with MathML for formulas, and no pictures but the attached ones."""

    def __init__(self, attached: Mapping[str, str]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.attached = attached
        self.put: list[str] = []
        self.sources: list[str] = []

    def block_math(self, body: str) -> str:
        """Return a formula on a line of its own, with its number beside it."""
        numbers = _NUMBER.findall(body)
        shown = _formula(_NUMBER.sub("", body), "block", "$$")
        number = "".join(f"<span class=t>({escape(text)})</span>" for text in numbers)
        return self._put(f"<span class=f>{shown}{number}</span>", body)

    def inline_math(self, body: str) -> str:
        """Return a formula within a line."""
        return self._put(_formula(body, "inline", "$"), body)

    def latex_environment(self, name: str, body: str) -> str:
        """Return a formula between \\begin and \\end."""
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def _put(self, html: str, source: str) -> str:
        """Return a place for HTML that is put in after the sanitiser; `source` is what stands for it in a picture's text."""
        self.put.append(html)
        self.sources.append(source)
        return f"\ue000{len(self.put) - 1}\ue001"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return an attached picture; of any other the text, because nothing is loaded."""
        text = _PLACE.sub(lambda place: self.sources[int(place[1])], unescape(striptags(text)))
        name = url.removeprefix("attachment:")
        data = self.attached.get(name, self.attached.get(unquote(name)))
        return self._put(f'<img src="{data}" alt="{escape(text)}">' if data else escape(f"[{text}]"), text)

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return a block of code."""
        return str(code_html(code)) if (info or "").strip().startswith("py") else f"<pre>{escape(code)}</pre>"


_NOT_IN_A_LINE = re.compile(r"</?(?!(?:b|code|em|i|m[a-z]+|span|strong|sub|sup)\b)[A-Za-z][^<>]*>")
_HEADING = re.compile(r"<(/?)h([1-6])>")


def with_headings_from(level: int, html: str) -> Markup:
    """Return `html` with its headings renumbered: the highest has `level`, and none is more than one below the heading before it."""
    above: list[int] = []

    def renumbered(tag: re.Match[str]) -> str:
        if not tag[1]:
            while above and above[-1] >= int(tag[2]):
                above.pop()
            above.append(int(tag[2]))
        return f"<{tag[1]}h{min(6, level + len(above) - 1)}>"

    return Markup(_HEADING.sub(renumbered, html))


# --- formulas ---------------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\\tag\*?\{([^{}]*)\}")
_MACRO = re.compile(r"\\(?:(?:re)?new|provide|let|[gex]?def)")
_SYNONYMS = ((re.compile(r"\\[lr]?Vert(?![A-Za-z])"), "‖"), (re.compile(r"\\arg(?![A-Za-z])"), r"\\operatorname{arg}"))
"""Commands that the library doesn't know everywhere, and others in their place."""

_CHARACTER = re.compile(r"&#x([0-9A-Fa-f]{1,6});")
_COMMAND = re.compile(r"\\[A-Za-z]")
_ATTRIBUTES = frozenset(
    """accent columnalign depth display displaystyle fence form height largeop linethickness lspace mathvariant maxsize minsize
    movablelimits notation rowspacing rspace scriptlevel stretchy symmetric width""".split()  # noqa: SIM905
)
_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
_VALUE = re.compile(r"[A-Za-z]{1,20}|[-+]?\d{0,2}(?:\.\d{1,4})?(?:em|ex|pt|px|%)?")


def mathml(latex: str, display: str = "inline") -> str | None:
    r"""Return a formula as MathML; None if it can't be converted.

    The library puts what it doesn't know into the answer as it is, and passes on ``\href``, ``\style`` and ``\class``. So it is asked for
    elements, of which the known attributes are written; all text is escaped. Attributes have no quotes, and quotes in text are escaped:
    wherever the answer is put, also into an attribute, it is text or MathML.
    """
    if len(latex) > FORMULA_LENGTH or _MACRO.search(latex):
        return None
    for command, known in _SYNONYMS:
        latex = command.sub(known, latex)
    try:
        return _written(convert_to_element(latex, display=display))
    except Exception:  # for a formula that it can't read the library raises whatever comes
        return None


def _written(element: Element) -> str:
    """Return an element as HTML.

    Raises
    ------
    ValueError
        If its text is a command that the library doesn't know, or holds a character that there isn't, or if a part of it is missing.
    """
    text = _CHARACTER.sub(lambda code: chr(int(code[1], 16)), element.text or "")
    if _COMMAND.search(text) or len(element) != _CHILDREN.get(element.tag, len(element)):
        raise ValueError(text)
    attributes = [f" {name}={value}" for name, value in element.attrib.items() if name in _ATTRIBUTES and value and _VALUE.fullmatch(value)]
    return f"<{element.tag}{''.join(attributes)}>{escape(printable(text))}{''.join(map(_written, element))}</{element.tag}>"


@lru_cache(maxsize=4096)
def _formula(latex: str, display: str, dollars: str) -> str:
    return mathml(latex, display) or f"<code>{escape(printable(f'{dollars}{latex}{dollars}'))}</code>"


# --- code -------------------------------------------------------------------------------------------------------------------

_KINDS = ((Keyword, "k"), (Operator.Word, "k"), (String, "s"), (Comment, "c"), (Number, "m"))


@lru_cache(maxsize=1024)
def code_html(source: str) -> Markup:
    """Return Python source as HTML, with classes for keywords (k), strings (s), comments (c) and numbers (m)."""
    if len(source) > MARKDOWN_LENGTH:
        return plain(source)
    tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens(printable(source))
    parts = []
    for kind, group in groupby(tokens, lambda token: next((name for known, name in _KINDS if token[0] in known), "")):
        text = escape("".join(text for _, text in group))
        parts.append(f'<span class="{kind}">{text}</span>' if kind else text)
    return Markup(f"<pre>{''.join(parts)}</pre>")
