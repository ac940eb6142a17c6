from pathlib import Path

import pytest
from pydantic import ValidationError

from geo.limits import POOL_SIZE, STATEMENT_TIMEOUT_MS
from geo.settings import Settings

README = Path(__file__).parent.parent / "README.md"


def test_an_empty_environment_gives_a_local_service() -> None:
    settings = Settings()
    assert settings.database_url is None
    assert (settings.home, settings.host, settings.port) == (Path("var"), "127.0.0.1", 8000)
    assert not settings.allow_remote
    assert settings.lang == "zh-CN"
    assert settings.basemap_url is None
    assert (settings.statement_timeout_ms, settings.pool_size) == (STATEMENT_TIMEOUT_MS, POOL_SIZE)


def test_the_environment_is_read_when_settings_are_made_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_PORT", "8123")
    monkeypatch.setenv("WANGGE_HOME", "elsewhere")
    monkeypatch.setenv("PORT", "1")
    assert Settings().port == 8123
    assert Settings().home == Path("elsewhere")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"WANGGE_{name.upper()}", "")
    assert Settings() == Settings.model_construct()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("LANG", "fr"),
        ("POOL_SIZE", "0"),
        ("POOL_SIZE", "201"),
        ("STATEMENT_TIMEOUT_MS", "99"),
        ("ALLOW_REMOTE", "perhaps"),
        ("BASEMAP_FRAME", "bd09"),
        ("BASEMAP_URL", "https://tiles.example/{z}/{x}.png"),
        ("BASEMAP_URL", "https://tiles.example/{z}/{y}.png"),
        ("BASEMAP_URL", "https://tiles.example/{x}/{y}.png"),
    ],
)
def test_values_that_cannot_work_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"WANGGE_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert name in str(caught.value).upper()


def test_a_basemap_is_a_template() -> None:
    url = "https://tiles.example/{z}/{x}/{y}.png?s={s}"
    assert Settings(basemap_url=url).basemap_url == url


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_readme(name: str) -> None:
    assert f"`WANGGE_{name.upper()}`" in README.read_text(encoding="utf-8")
    assert Settings.model_fields[name].description
