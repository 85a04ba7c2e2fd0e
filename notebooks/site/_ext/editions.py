"""Pages in several languages: the English names of their places, a switch between the same places, and the words of figures.

The English pages are made first. The sections of another edition get their names, so that a link to a place serves both.
"""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class EnglishNames(SphinxTransform):
    default_priority = 880  # when sections have their own, before the table of contents is collected

    def apply(self, **kwargs: Any) -> None:
        file = Path(self.config.edition["doctrees"]) / "en" / f"{self.env.docname}.doctree"
        if self.config.edition["language"] == "en" or not file.exists():
            return
        with file.open("rb") as opened:
            english = [section["ids"] for section in pickle.load(opened).findall(nodes.section)]
        sections = list(self.document.findall(nodes.section))
        if len(sections) != len(english):
            return
        for section, ids in zip(sections, english):
            section["ids"] = [*ids, *(own for own in section["ids"] if own not in ids)]


def others(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """The same page in the other languages, or their home page where they have none such (the reference)."""
    up = "../" * page.count("/")
    known = page if not page.startswith("reference/") else "index"
    context["other_editions"] = [
        {**other, "url": f"{up}{other['root']}{known}.html"} for other in app.config.edition["others"]
    ]


def without_eval(app: Sphinx, error: Exception | None) -> None:
    """Sphinx's script makes a function of a text to count in another language, which the pages' policy forbids."""
    file = Path(app.outdir) / "_static" / "translations.js"
    if error is not None or not file.exists():
        return
    catalog = json.loads(re.sub(r"^[^{]*|[^}]*$", "", file.read_text(encoding="utf-8")))
    file.write_text(
        f"Object.assign(Documentation.TRANSLATIONS, {json.dumps(catalog['messages'])});\n"
        f"Documentation.PLURAL_EXPR = (n) => {catalog['plural_expr']};\n"
        f"Documentation.LOCALE = {json.dumps(catalog['locale'])};\n",
        encoding="utf-8",
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("edition", {}, "env", [dict])
    app.add_transform(EnglishNames)
    app.connect("html-page-context", others)
    app.connect("build-finished", without_eval)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
