"""Search in Chinese: every two neighbouring characters are a word, in the index and in what is asked for.

So whatever part of a word is typed is found, without a dictionary of words. Sphinx's own search for Chinese needs one to
split the text, which its script in the browser doesn't have, so that the two sides never meet.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

HAN = "\\u3400-\\u9fff\\uf900-\\ufaff"


class SearchPairs(SearchEnglish):
    lang = "zh"
    language_name = "English"  # of the stemmer, for words in Latin letters; the browser's script is named after it
    # As `split` below, but of single characters only where one stands alone.
    js_splitter_code = rf"""
function splitQuery(query) {{
  return (query.match(/[{HAN}]+|[A-Za-z0-9]\w*/gu) ?? []).flatMap((run) =>
    /^[{HAN}]{{2,}}$/u.test(run) ? Array.from(run).slice(1).map((second, i) => run[i] + second) : [run],
  );
}}
"""
    _runs = re.compile(rf"[{HAN}]+|[A-Za-z0-9][A-Za-z0-9_]*")

    def split(self, input: str) -> list[str]:
        words: list[str] = []
        for run in self._runs.findall(input):
            if re.match(rf"[{HAN}]", run):
                words += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
            else:
                words.append(run)
        return words


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_search_language(SearchPairs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
