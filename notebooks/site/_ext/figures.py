"""Puts figures on the pages, with their number, name and caption.

What a figure is called travels with it, as metadata of its output: src/notebook gives the caption, and
data-scripts/pages/figures.mjs the number and the name. A plotly figure, whose mime type myst-nb skips, goes into the page as
JSON, where figures.js finds and draws it. plotly.js itself is loaded only on pages that have such a figure. Where scripts are
off, its picture is shown (data-scripts/pages/pictures.mjs), or its text.
"""

from __future__ import annotations

import html
import json
from typing import Any

from bs4 import BeautifulSoup
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
        figure = data.output_metadata.get("figure", {})
        if inline:
            return None
        if data.mime_type == PLOTLY:
            return [plotly_node(data.content, figure)]
        if data.mime_type == "text/html" and "label" in figure:
            return [nodes.raw(text=labelled(data.string, figure), format="html", classes=["output", "text_html"])]
        return None


class PlotlyFile(SphinxDirective):
    """`{plotly} figure.json`: a figure, and what it is called, from a file beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        with open(path, encoding="utf-8") as file:
            both = json.load(file)
        return [plotly_node(both["drawing"], both["figure"])]


def plotly_node(drawing: Any, figure: dict[str, Any]) -> nodes.raw:
    if not isinstance(drawing, dict) or "data" not in drawing or "layout" not in drawing:
        raise ValueError("a plotly output is expected to be an object with data and layout")
    return nodes.raw(text=plotly_html(drawing, figure), format="html", classes=["output", MARK])


def plotly_html(drawing: dict[str, Any], figure: dict[str, Any]) -> str:
    height = drawing["layout"].get("height", DEFAULT_HEIGHT)
    kept = {key: drawing[key] for key in ("data", "layout", "config", "frames") if key in drawing}
    # "</script>" inside a string would end the element.
    text = json.dumps(kept, ensure_ascii=False).replace("</", "<\\/")
    alt = html.escape(figure["alt"])
    picture, caption, name = (figure.get(key) for key in ("picture", "caption", "name"))
    instead = f'<img alt="{alt}" src="{html.escape(picture)}">' if picture else f"<p>{alt}</p>"
    below = " ".join(html.escape(part) for part in (figure.get("label"), caption) if part)
    below = f"<figcaption>{below}</figcaption>" if below else ""
    anchor = f' id="{html.escape(name)}"' if name else ""
    return (
        f'<figure class="{MARK}"{anchor}>'
        f'<div class="plotly-drawing" role="group" aria-label="{alt}" style="min-height: {height}px">'
        f'<script type="application/json">{text}</script></div>'
        f"<noscript>{instead}</noscript>{below}</figure>"
    )


def labelled(content: str, figure: dict[str, Any]) -> str:
    """An HTML figure with its name, and its number before its caption."""
    soup = BeautifulSoup(content, "html.parser")
    outermost = soup.find("figure")
    if outermost is None:
        raise ValueError("an output that is said to be a figure is expected to hold a <figure>")
    if figure["name"]:
        outermost["id"] = figure["name"]
    caption = outermost.find("figcaption", recursive=False)
    if caption is None:
        caption = soup.new_tag("figcaption")
        outermost.append(caption)
    if figure["label"]:
        caption.insert(0, figure["label"] + (" " if caption.contents else ""))
    return str(soup)


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
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
