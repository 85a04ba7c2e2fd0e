"""Light where scripts are off.

The theme's script chooses light or dark. Until it has run, and where scripts are off, pages carry a name ("auto") that none of
the theme's rules know, so that nothing has a colour.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


class Root(HTMLParser):
    """Finds the element `html`."""

    tag: str | None = None
    attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.tag, self.attributes = self.get_starttag_text(), dict(attributes)


def lighten(app: Sphinx, error: Exception | None) -> None:
    if error is not None:
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        root = Root()
        root.feed(text[: text.find("<head")])
        if root.tag is None or root.attributes.get("data-theme") != "auto":
            continue
        attributes = {**root.attributes, "data-theme": "light"}
        tag = "<html" + "".join(f' {name}="{escape(value or "")}"' for name, value in attributes.items()) + ">"
        page.write_text(text.replace(root.tag, tag, 1), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", lighten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
