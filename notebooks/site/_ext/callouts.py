"""Quotes that begin with a line in bold become boxes with that title.

Notebooks write exercises and notes so, and not as MyST's admonitions: JupyterLab, VS Code and code hosts show those as raw
text.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class Callouts(SphinxTransform):
    default_priority = 200  # before the figures' and the references' are resolved

    def apply(self, **kwargs: Any) -> None:
        for quote in list(self.document.findall(nodes.block_quote)):
            first = quote.children[0] if quote.children else None
            words = [child for child in first.children if child.astext()] if isinstance(first, nodes.paragraph) else []
            if [type(word) for word in words] != [nodes.strong]:
                continue
            [title] = words
            exercise = self.config.edition["exercise"]
            kind = "question" if title.astext().startswith((exercise, "Exercise")) else "note"
            box = nodes.admonition("", nodes.title("", "", *title.children), *quote.children[1:], classes=[kind])
            quote.replace_self(box)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(Callouts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
