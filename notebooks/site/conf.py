"""Sphinx's settings for the workbook's pages. data-scripts/pages/render.mjs lays out the sources and calls Sphinx."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

edition = json.loads(os.environ["RESNET_WORKBOOK_EDITION"])  # data-scripts/pages/editions.mjs

project = edition["title"]
author = ""
language = edition["language"]

extensions = ["myst_nb", "callouts", "editions", "figures", "folds", "formulas", "light", "live", "pairs"]
exclude_patterns = ["_static", "_ext", "_templates"]
templates_path = ["_templates"]

# The notebooks are executed before (data-scripts/notebooks/execute.py), whose faults name the cell.
nb_execution_mode = "off"
# An interactive figure before the HTML or the picture that stands beside it.
nb_mime_priority_overrides = [("html", "application/vnd.plotly.v1+json", 0)]
nb_merge_streams = True
nb_code_prompt_show = edition["show"]
nb_code_prompt_hide = edition["hide"]
myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "html_image"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.header",  # a notebook may begin a section below where the last one ended
    "misc.highlighting_failure",  # Pygments stumbles over a regular expression after "=>", and goes on
]

html_math_renderer = "drawn"  # of the extension formulas
myst_update_mathjax = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static", os.environ["RESNET_WORKBOOK_STATICS"]]
html_css_files = ["workbook.css"]
html_js_files = ["print.js", "language.js"]
html_favicon = str(Path(__file__).parent / "_static" / "icon.svg")
html_show_search_summary = False  # it would fetch each page found, which browsers refuse for pages opened from disk
html_context = {"default_mode": "auto"}  # light or dark as the reader's system; without it the theme reports an error
html_copy_source = False
html_use_index = False  # of Sphinx's own kind; the reference and the search take its place
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "article_header_end": ["language.html", "article-header-buttons.html"],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},  # the home page is one screen
    "navbar_persistent": [],  # the search stands in the side bar already
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
