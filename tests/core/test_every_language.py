"""Whoever reads Russian is told in Russian: errors are raised with both texts, and both texts say the same things."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from typing import Final

from tests.sources import trees

ONE_LANGUAGE: Final = {
    "FitError": "reports tell it by its code",
    "StreamsError": "raised for whoever writes a kernel",
    "HttpError": "the answer to a browser's script or to a sender",
    "WireError": "the answer to a browser's script",
    "LogUnavailableError": "the answer to a browser's script or to a sender",
}
"""Errors that no page shows, each with why."""
APART: Final = ("cli/screenshots.py", "demo/systems/")
"""What speaks to those who build the program, and the invented outside systems, which speak as theirs do."""
WORDS = re.compile(r"[A-Za-zА-Яа-яЁё]{2,}")


def named(node: ast.expr) -> str:
    """The last part of a name: ``QuestionError`` of ``errors.QuestionError``."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def errors() -> frozenset[str]:
    """Names of LongfunnelError and of everything that inherits from it."""
    classes = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"LongfunnelError"}
    while more := {node.name for node in classes if found & set(map(named, node.bases))} - found:
        found |= more
    return frozenset(found)


def words_of(node: ast.expr) -> str:
    """The words of a literal or an f-string, without its values; nothing for any other expression."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return " ".join(part.value for part in parts if isinstance(part, ast.Constant))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return f"{words_of(left)} {words_of(right)}"
        case _:
            return ""


def test_errors_are_raised_in_every_language() -> None:
    plain = [
        f"{path}:{node.lineno} {named(node.func)}: {words_of(given)}"
        for path, tree in trees().items()
        if not path.startswith(APART)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and named(node.func) in errors() - set(ONE_LANGUAGE)
        for given in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "hint")]
        if WORDS.search(words_of(given)) and re.search(r"[\s.]", words_of(given))  # a code is no sentence
    ]
    assert plain == []


def placeholders(text: str) -> set[str]:
    """Names in ``{braces}``; none in text that only quotes braces, as JSON has them."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return set()
    return {name for _, name, form, _ in parts if name and name.isidentifier() and not (form or "").startswith(" ")}


def pairs() -> list[tuple[str, str, str]]:
    """Place, English and Russian of every Text that is written out."""
    return [
        (f"{path}:{node.lineno}", node.args[0].value, node.args[1].value)
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and named(node.func) == "Text" and len(node.args) == 2
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant)
        if isinstance(node.args[0].value, str) and isinstance(node.args[1].value, str)
    ]


def test_both_languages_take_the_same_values() -> None:
    differing = [
        f"{place}: {english} | {russian}"
        for place, english, russian in pairs()
        if placeholders(russian) != placeholders(english)
    ]
    assert differing == []


def test_russian_is_russian() -> None:
    assert len(pairs()) > 1000
    foreign = [
        f"{place}: {russian}"
        for place, english, russian in pairs()
        if russian.casefold() != english.casefold()
        and WORDS.search(re.sub(r"\{[^}]*\}|\[\[\w+\]\]", "", russian))
        and not re.search("[А-Яа-яЁё]", russian)
    ]
    assert foreign == []
