"""What myst-nb folds away: long code begins unfolded, and what is to be pressed says what it does."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx

LONG = "tag_long"  # data-scripts/pages/chapters.mjs tags cells whose code is long


def visit(self: Any, node: nodes.Element) -> None:
    """As myst-nb's own, but `open` where the cell is long, and named by the words that are seen."""
    classes = " ".join(["admonition", "hide", *node["classes"]])
    long = node.parent is not None and LONG in node.parent["classes"] and "above-input" in node["classes"]
    start = " open" if long else ""
    self.body.append(f'<details{start} class="{classes}">\n<summary>\n')
    for state in ("show", "hide"):
        shown = {"show": "collapsed", "hide": "expanded"}[state]
        self.body.append(f'<p class="{shown} admonition-title">{escape(node[f"prompt_{state}"])}</p>\n')
    self.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("myst_nb")
    app.add_node(HideCodeCellNode, override=True, html=(visit, depart_HideCellInput))
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
