"""Live parts, which run in the reader's browser, and the rule that no page asks anything of the outside.

A part is an element with data-live, put into pages by data-scripts/pages/chapters.mjs. live-start.js gives it a button that
loads the large script behind all parts (data-scripts/pages/live.mjs).
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# 'self' for pages from a server, file: for those opened from disk. Workers are made of text that is in the page's script already,
# and inherit the policy.
FILES = "'self' file:"
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {FILES} 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "worker-src blob:",
        f"style-src {FILES} 'unsafe-inline'",
        f"img-src {FILES} data: blob:",
        f"font-src {FILES} data:",
        "form-action 'self' file:",
        "base-uri 'none'",
    )
)


def add_parts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    context["metatags"] = policy + context.get("metatags", "")
    if doctree is not None and any("data-live=" in node.astext() for node in doctree.findall(nodes.raw)):
        app.add_js_file("live-start.js", loading_method="defer")
        app.add_css_file("live.css")
        language = app.config.edition["language"]
        if language != "en":
            app.add_js_file(f"live-words-{language}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_parts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
