"""Draws the README's picture: the invented business's long funnel, as the terminal shows it.

python -m longfunnel.cli.picture docs/pictures
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from longfunnel.app.demo import demo
from longfunnel.cli import context, render, table

_WIDTH = 120


def draw(folder: Path) -> None:
    """Write ``long_funnel.en.svg`` and ``long_funnel.ru.svg`` into ``folder``; fonts are the reader's own."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("en", "ru"):
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            tempfile.TemporaryDirectory() as work,
            demo(Path(work) / "demo", language=language).business as business,
        ):
            recorded = Console(record=True, width=_WIDTH, force_terminal=True, file=nowhere)
            for module in (context, render, table):
                vars(module)["console"] = recorded
            recorded.print("$ longfunnel report long_funnel", style="bold green", highlight=False)
            render.print_answer(business.ask("long_funnel"), business.settings)
            recorded.print()
            recorded.print("$ longfunnel report channels", style="bold green", highlight=False)
            render.print_answer(
                business.ask("channels", metrics="cost,visits,leads,cpl,orders,cr1,revenue,romi"), business.settings
            )
        text = recorded.export_svg(title="longfunnel", theme=DIMMED_MONOKAI)
        (folder / f"long_funnel.{language}.svg").write_text(_own_fonts(text), "utf-8")


def _own_fonts(svg: str) -> str:
    """The picture without fonts from another host: it loads nothing."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "Fira Code", "DejaVu Sans Mono, Menlo, Consolas"
    )


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
