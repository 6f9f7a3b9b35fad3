"""The pages tell the truth: their commands run, their links resolve, the reference is what the code says."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from longfunnel.cli import reference
from longfunnel.cli.main import app
from longfunnel.dimensions import dimensions
from longfunnel.journeys.reasons import REASONS
from longfunnel.metrics import metrics
from longfunnel.reports import reports
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from tests.cli.conftest import Said

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ru.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
READMES = (ROOT / "README.md", ROOT / "README.ru.md")


def blocks(page: Path, language: str = "") -> Iterator[str]:
    """The blocks of code in a language."""
    for found, code in re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        if found == language:
            yield code


def commands(page: Path) -> list[list[str]]:
    """The words of each ``longfunnel`` command of a page, without the program's name."""
    lines = [line for block in blocks(page) for line in block.splitlines() if line.startswith("longfunnel ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


ASKED = [words for words in commands(READMES[0]) if words[0] in ("report", "ledger", "sql", "funnel", "why")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert not [target for target in targets if target and not (page.parent / target).exists()]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_commands_of_the_readme_exist(page: Path) -> None:
    group = get_command(app)
    for words in commands(page):
        rest = words[2:] if words[0] == "-C" else words
        command = group.commands[rest[0]]  # type: ignore[attr-defined]
        known = {option for parameter in command.params for option in parameter.opts}
        asked = {word.split("=")[0] for word in rest if re.match(r"-{1,2}[a-z]", word)}
        assert asked <= known, rest


@pytest.mark.slow
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_questions_of_the_readme_are_answered(
    longfunnel: Callable[..., Said], built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = longfunnel("-C", built, *words)
    assert said.code == 0, said.err


@pytest.mark.slow
def test_the_python_of_the_readme_runs(another: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(another.parent)
    another.rename(another.parent / "my-company")
    (code,) = blocks(READMES[0], "python")
    names: dict[str, object] = {}
    exec(textwrap.dedent(code), names)  # noqa: S102 - our own page
    assert names["answer"]


def test_the_settings_of_the_readme_are_understood() -> None:
    from longfunnel.core.settings import parse_settings

    for page in READMES:
        for block in blocks(page, "toml"):
            parse_settings(block)


def test_both_readmes_say_the_same() -> None:
    def outline(page: Path) -> list[str]:
        return [line.split(" ")[0] for line in page.read_text("utf-8").splitlines() if re.match("#+ ", line)]

    def asked(page: Path) -> list[list[str]]:
        return [[re.sub("[а-яА-Я]+|Moscow", "", word) for word in words] for words in commands(page)]

    english, russian = READMES
    assert outline(english) == outline(russian)
    assert asked(english) == asked(russian)


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_the_reference_is_what_the_code_says(name: str, tmp_path: Path) -> None:
    reference.write(tmp_path)
    assert (ROOT / "docs/reference" / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8"), "run: make docs"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("facts.md", facts()), ("metrics.md", metrics()), ("dimensions.md", dimensions()), ("reports.md", reports()),
        ("reasons.md", [reason.value for reason in REASONS]), ("commands.md", get_command(app).commands),  # type: ignore[attr-defined]
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_entry_has_its_place_in_the_reference(page: str, names: list[str]) -> None:
    text = reference.pages()[page]
    assert not [name for name in names if f"## {name}\n" not in text and f"`{name}`" not in text]
