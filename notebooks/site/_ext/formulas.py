"""Formulas: data-scripts/pages/formulas.mjs draws their TeX before the pages are written; no page loads MathJax.

Each displayed one gets its number within its page, and a link.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

# Those that say themselves that they have none, or which.
OWN_NUMBER = re.compile(r"\\(?:tag|notag|nonumber)\b|\s*\\begin\{\w+\*\}")
STYLE = "formulas.css"


def number(app: Sphinx, doctree: nodes.document) -> None:
    count = 0
    for block in doctree.findall(nodes.math_block):
        printed = "output" in block["classes"]  # by a cell
        if printed or (not block.get("label") and OWN_NUMBER.search(block.astext())):
            continue
        count += 1
        block["number"] = count
        if "amsmath" in block["classes"]:
            block["ids"] = []  # myst's own is random
        elif label := block.get("label"):
            app.env.domains.math_domain.equations[label] = (app.env.docname, count)
            continue
        block["ids"].append(f"equation-{count}")


def tex_of(node: nodes.Element) -> tuple[str, bool]:
    """A formula's TeX, and whether it stands on lines of its own; what amsmath's environments hold is taken as it is."""
    text = node.astext()
    if isinstance(node, nodes.math):
        return text.strip(), False
    if "amsmath" in node.get("classes", []) or node.get("no-wrap", node.get("nowrap", False)):
        return text.strip(), True
    parts = [part for part in text.split("\n\n") if part.strip()]
    split = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    if len(split) == 1:
        return split[0].strip(), True
    return r"\begin{align}\begin{aligned}" + r"\\".join(split) + r"\end{aligned}\end{align}", True


def draw(app: Sphinx, env: BuildEnvironment) -> None:
    """Draws all formulas of all pages in one go."""
    asked: dict[tuple[str, bool], str] = {}
    for page in sorted(env.found_docs):
        for node in env.get_doctree(page).findall(lambda node: isinstance(node, (nodes.math, nodes.math_block))):
            asked.setdefault(tex_of(node), page)
    formulas = [{"tex": tex, "display": display, "page": page} for (tex, display), page in asked.items()]
    script = Path(app.confdir).parent.parent / "data-scripts" / "pages" / "formulas.mjs"
    node = os.environ["RESNET_WORKBOOK_NODE"]
    done = subprocess.run(
        [node, str(script)], input=json.dumps(formulas), capture_output=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise ExtensionError(done.stderr.strip())
    answer = json.loads(done.stdout)
    label = f'aria-label="{app.config.edition["words"]["Equation"]}"'
    app.workbook_formulas = {
        key: drawn.replace('aria-label="Equation"', label, 1) for key, drawn in zip(asked, answer["drawn"])
    }
    style = Path(app.outdir) / "_static" / STYLE
    style.parent.mkdir(parents=True, exist_ok=True)
    style.write_text(answer["style"], encoding="utf-8")


def visit(self: Any, node: nodes.Element) -> None:
    tex, display = tex_of(node)
    kind = "div" if display else "span"
    classes = "math notranslate nohighlight" + (" amsmath" if "amsmath" in node.get("classes", []) else "")
    self.body.append(self.starttag(node, kind, "", CLASS=classes))
    if display and node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, self.config.edition["words"]["Link to this equation"])
        self.body.append("</span>")
    self.body.append(f"{self.builder.app.workbook_formulas[tex, display]}</{kind}>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("drawn", (visit, None), (visit, None))
    app.connect("doctree-read", number)
    app.connect("env-check-consistency", draw)
    app.add_css_file(STYLE)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
