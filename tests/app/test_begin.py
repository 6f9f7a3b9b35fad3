"""A server started in an empty folder begins a business there, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.init import begin

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_an_empty_folder_becomes_a_business_without_a_name_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    (tmp_path / ".git").mkdir()
    made = begin(tmp_path)
    assert made is not None
    business = made.settings.business
    assert (business.name, business.currency, business.language) == ("", "RUB", "ru")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    assert begin(tmp_path) is None
    assert [one.name for one in tmp_path.iterdir()] == ["photo.jpg"]
