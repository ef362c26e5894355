"""How feedback looks: what comes first, what is folded away, and that nothing is taken for HTML that isn't."""

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from coursekit import show
from coursekit.outcomes import Aspect
from coursekit.outcomes import TestOutcome as Outcome


@dataclass
class Belief:
    title: str = "Mean <and> variance"
    explanation: str = "They depend on `x` & its neighbours."
    see: str = "05 §3"
    aspects: tuple[str, ...] = ("dx", "dgamma", "dbeta")


def outcome(sentence="It works.", kind="", message="", culprit="f"):
    return Outcome("f", "test", sentence, kind, message, 1.0, culprit if kind else "")


class Balanced(HTMLParser):
    """Refuses HTML whose tags don't match."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def shown(monkeypatch):
    """Return what is displayed, as HTML and as text, once the HTML is well formed."""
    seen = []
    monkeypatch.setattr(show, "display", lambda html, text: seen.append((html, text)))

    def render(function, *args, **kwargs):
        function(*args, **kwargs)
        html, text = seen[-1]
        parser = Balanced()
        parser.feed(html)
        assert parser.open == []
        return html, text

    return render


def test_the_first_failure_is_that_of_the_first_test():
    kinds = ["broken", "value", "raised", "missing", "shape"]
    outcomes = [outcome(), *(outcome(kind=kind, message=kind) for kind in kinds)]
    assert show.first_failure(outcomes).message == "value"
    assert show.first_failure(outcomes[:2]).message == "broken"
    assert show.first_failure(outcomes[:1]) is None


@pytest.mark.parametrize(
    ("kinds", "state", "words"),
    [
        (["", ""], "passed", "2 of 2 checks passed"),
        (["", "value"], "failed", "1 of 2 checks passed"),
        (["value"], "failed", "0 of 1 check passed"),
        (["not_attempted"] * 2, "waiting", "not attempted"),
        (["missing"] * 2, "waiting", "missing: run the cell that defines it"),
        (["", "not_attempted"], "failed", "1 of 2 checks passed"),
        (["", "broken"], "broken", "1 of 2 checks passed, and a defect of the course kept the rest from running"),
        (["value", "broken"], "failed", "0 of 2 checks passed"),
        ([], "broken", "there are no checks"),
    ],
)
def test_states(kinds, state, words):
    assert show.state_of([outcome(kind=kind) for kind in kinds], "f") == show.Row("f", state, words)


def test_waiting_for_another_function():
    assert show.state_of([outcome(kind="not_attempted", culprit="g")], "f").words == "waits for g"


def test_the_rest_is_folded_away(shown):
    outcomes = [outcome("A.", "value", "first"), outcome("B.", "value", "second"), outcome("C.", "value", "first")]
    html, text = shown(show.feedback, "f", outcomes, "The end.")
    before, folded = html.split("<details")
    assert "first" in before and "second" not in before and "second" in folded and "first" not in folded
    assert text.endswith("The other message:\n  - second\nThe end.")
    html, _ = shown(show.feedback, "f", [outcome(), outcome("A.", "value", "first")])
    assert "<details" not in html


def test_everything_is_escaped(shown):
    nasty = "<script>alert('1')</script> & `<i>`"
    html, text = shown(show.feedback, nasty, [outcome(nasty, "value", nasty), outcome(nasty, "value", nasty + "2")], nasty, [Belief()])
    assert "<script" not in html and "<i>" not in html and "<and>" not in html and "&lt;i&gt;</code>" in html
    assert nasty in text
    html, _ = shown(show.table, nasty, [show.Row(nasty, "passed", nasty)], nasty)
    assert "<script" not in html
    html, _ = shown(show.notice, nasty)
    assert "<script" not in html


def test_a_misconception_is_explained(shown):
    html, text = shown(show.feedback, "f", [outcome(kind="value", message="dx is wrong")], "2 of 6 points", [Belief()], unit="hidden test")
    assert "Mean &lt;and&gt; variance" in html and "<code" in html and "See 05 §3" in html
    assert (
        "Mean <and> variance. They depend on `x` & its neighbours. See 05 §3. The wrong answers in dx, dgamma and dbeta are those" in text
    )
    assert text.startswith("✗ f: 0 of 1 hidden test passed")


def test_tests_stand_below_their_aspect():
    one, two = Aspect("dx", 3), Aspect("ties", 0.1, corner=True)
    points = [
        SimpleNamespace(name="dx", score=1.5, max_score=2.7, corner=False),
        SimpleNamespace(name="ties", score=0.05, max_score=0.3, corner=True),
    ]
    rows = (("A", "", one), ("B", "", two), ("C", "value", one), ("D", "", None))
    outcomes = [replace(outcome(kind=kind), sentence=f"Sentence {name}", aspect=aspect) for name, kind, aspect in rows]
    text, html = show.feedback_text("f", outcomes, aspects=points), show.feedback_html("f", outcomes, aspects=points)
    places = [
        "Sentence D",
        "dx · 1.50 of 2.70",
        "Sentence A",
        "Sentence C",
        "corners · 0.05 of 0.30, in proportion to the points above",
        "Sentence B",
    ]
    assert sorted(places, key=text.index) == places
    html = html.replace("<strong>", "").replace("</strong>", "")
    assert sorted(places, key=html.index) == places


def test_a_mark_stands_beside_every_colour(shown):
    html, text = shown(show.table, "t", [show.Row("a", "passed", "yes"), show.Row("b", "failed", "no"), show.Row("cc", "waiting", "later")])
    assert text == "t\n  ✓ a   yes\n  ✗ b   no\n  ○ cc  later"
    assert all(mark in html for mark in "✓✗○") and html.count("aria-label") == 3


def test_colours_are_the_themes_own(shown):
    """A colour that is written as a number stands only where neither JupyterLab nor VS Code gives one."""
    rows = [show.Row(state, state, "words") for state in ("passed", "failed", "waiting", "broken")]
    for html, _ in (shown(show.table, "t", rows), shown(show.feedback, "f", [outcome(), outcome(kind="value")], "note", [Belief()])):
        last_resorts = re.findall(r"var\(--jp-[\w-]+, var\(--vscode-[\w-]+, (#\w+|rgba\([\d,.]+\))\)\)", html)
        assert last_resorts and last_resorts == re.findall(r"#[0-9a-f]{3,8}\b|rgba?\([\d,.]+\)", html)


def test_a_stub_is_shown_in_a_calm_colour(shown):
    html, _ = shown(show.feedback, "f", [outcome(kind="not_attempted")], "note")
    assert show.BAD not in html and show.GOOD not in html
