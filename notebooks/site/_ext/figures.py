"""Puts plotly figures on the pages: myst-nb skips their mime type.

The figure's data goes into the page as JSON, where figures.js finds and draws it. plotly.js itself (4.8 MB) is loaded
only on pages that have a figure. Where scripts are off, its picture is shown (data-scripts/pages/pictures.mjs), or its text.
"""

from __future__ import annotations

import html
import json
from typing import Any

from docutils import nodes
from myst_nb.core import render
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PLOTLY = "application/vnd.plotly.v1+json"
MARK = "plotly-figure"
DEFAULT_HEIGHT = 450  # plotly's own, in pixels: room is kept, so that the page doesn't jump when the figure is drawn


class Figures:
    """A mime renderer of myst-nb."""

    mime_priority_overrides = [("*", PLOTLY, 0)]

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Element] | None:
        if inline or data.mime_type != PLOTLY:
            return None
        return [nodes.raw(text=figure_html(data.content), format="html", classes=["output", MARK])]


class PlotlyFile(SphinxDirective):
    """`{plotly} figure.json`: a figure from a file beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        with open(path, encoding="utf-8") as file:
            return [nodes.raw(text=figure_html(json.load(file)), format="html", classes=["output", MARK])]


def figure_html(figure: Any) -> str:
    if not isinstance(figure, dict) or "data" not in figure or "layout" not in figure:
        raise ValueError("a plotly output is expected to be an object with data and layout")
    height = figure["layout"].get("height", DEFAULT_HEIGHT)
    kept = {key: figure[key] for key in ("data", "layout", "config", "frames") if key in figure}
    # "</script>" inside a string would end the element.
    text = json.dumps(kept, ensure_ascii=False).replace("</", "<\\/")
    alt = html.escape(figure.get("alt") or "A figure")
    picture, caption, id_ = (figure.get(key) for key in ("picture", "caption", "id"))
    instead = f'<img alt="{alt}" src="{html.escape(picture)}">' if picture else f"<p>{alt}</p>"
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    anchor = f' id="{html.escape(id_)}"' if id_ else ""
    return (
        f'<figure class="{MARK}"{anchor}>'
        f'<div class="plotly-drawing" role="group" aria-label="{alt}" style="min-height: {height}px">'
        f'<script type="application/json">{text}</script></div>'
        f"<noscript>{instead}</noscript>{below}</figure>"
    )


def load_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree is not None and any(MARK in node.get("classes", []) for node in doctree.findall(nodes.raw)):
        app.add_js_file("plotly.min.js", loading_method="defer")
        app.add_js_file("figures.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    # myst-nb finds such renderers by the entry points of installed packages; this one comes with the workbook.
    installed = render.load_mime_renders
    render.load_mime_renders = lambda: [Figures, *installed()]
    app.add_directive("plotly", PlotlyFile)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
