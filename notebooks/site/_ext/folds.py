"""What myst-nb folds away: long code begins unfolded, and what is to be pressed says what it does."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# data-scripts/pages/chapters.mjs tags cells whose code is long.
LONG = re.compile(r'(<div class="cell [^"]*\btag_long\b[^"]*">\s*<details) class="')


def unfold(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if "body" not in context:
        return
    body = LONG.sub(r'\1 open class="', context["body"])
    # The name that assistive technology reads is to be the one that is seen.
    context["body"] = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", unfold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
