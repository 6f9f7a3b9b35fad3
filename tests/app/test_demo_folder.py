"""A folder that holds one demo is no place for another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from longfunnel.app.demo import demo
from longfunnel.core.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("other", [{"seed": 8}, {"language": "ru"}, {"scale": "medium"}])
def test_another_demo_stays_as_it_is(tmp_path: Path, other: dict[str, object]) -> None:
    truth = {"business": "Cedar & Maple", "seed": 7, "scale": "small", "language": "en"} | other
    (tmp_path / ".longfunnel").mkdir()
    (tmp_path / "truth.json").write_text(json.dumps(truth), "utf-8")
    with pytest.raises(SettingsError, match="holds another business"):
        demo(tmp_path, language="en")
    assert {file.name for file in tmp_path.iterdir()} == {".longfunnel", "truth.json"}
