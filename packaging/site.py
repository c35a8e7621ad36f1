"""What MkDocs asks while `make docs` builds the site (its `hooks`): formulas, and links to what is no page of it."""

import re

from latex2mathml.converter import convert

_LINK_UP = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+)[^)]*\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def on_page_markdown(markdown: str, page: object, **_: object) -> str:
    """A link that leaves docs/ becomes its text: the sources don't lie beside the site."""
    up = page.file.src_uri.count("/")  # type: ignore[attr-defined]  # how many ../ stay within docs/

    def plain(link: re.Match[str]) -> str:
        return link[1] if link[2].count("../") > up else link[0]

    return _LINK_UP.sub(plain, markdown)


def on_page_content(html: str, **_: object) -> str:
    """TeX becomes MathML, which browsers draw by themselves: no script has to be fetched."""

    def drawn(formula: re.Match[str]) -> str:
        tex = re.sub("&lt;|&gt;|&amp;", lambda entity: _ENTITIES[entity[0]], formula[3])
        return convert(tex, display="block" if formula[2] == "[" else "inline")

    return _FORMULA.sub(drawn, html)
