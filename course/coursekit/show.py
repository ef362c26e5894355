"""How things come onto the screen: HTML in a notebook, text where there is none."""

from __future__ import annotations

import sys


def display(html: str, text: str) -> bool:
    """Display HTML with its twin in plain text, and tell whether there was a notebook to display it in.

    In a plain process the text is printed. Nothing is written to standard error, and nothing becomes a cell's result.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(text)
        return False
    ipython.display.display({"text/html": html, "text/plain": text}, raw=True)
    return True
