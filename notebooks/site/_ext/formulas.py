"""Formulas: their TeX goes into the pages, where data-scripts/pages/formulas.mjs draws it; no page loads MathJax.

Each displayed one gets its number within its page, and a link.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from myst_parser.sphinx_ext.mathjax import html_visit_displaymath
from sphinx.application import Sphinx
from sphinx.ext.mathjax import html_visit_math

# Those that say themselves that they have none, or which.
OWN_NUMBER = re.compile(r"\\(?:tag|notag|nonumber)\b|\s*\\begin\{\w+\*\}")


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


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("drawn", (html_visit_math, None), (html_visit_displaymath, None))
    app.connect("doctree-read", number)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
