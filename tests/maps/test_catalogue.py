"""The catalogue: both languages say the same things, with the same values in them."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from maps import catalogue


def read(subject: str, folder: str) -> dict[str, str]:
    path = Path(catalogue.LOCALES, folder, "LC_MESSAGES", f"{subject}.po")
    with path.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


def test_both_languages_have_the_same_subjects() -> None:
    assert catalogue.subjects("zh-CN") == catalogue.subjects("en")
    assert {"coverage", "pages", "field", "categories"} <= set(catalogue.subjects())


@pytest.mark.parametrize("subject", catalogue.subjects())
def test_both_languages_have_the_same_words_and_values(subject: str) -> None:
    zh, en = read(subject, "zh_CN"), read(subject, "en")
    assert set(zh) == set(en)
    assert catalogue.section(subject) == {name: (zh[name], en[name]) for name in zh}
    for name in zh:
        assert zh[name] or en[name] == ""
        assert set(re.findall(r"\{(\w+)\}", en[name])) <= set(re.findall(r"\{(\w+)\}", zh[name])) | {
            "more",
            "month",
            "d",
            "y",
        }


@pytest.mark.parametrize("subject", catalogue.subjects())
def test_a_name_stands_once_in_a_file(subject: str) -> None:
    for folder in ("zh_CN", "en"):
        text = Path(catalogue.LOCALES, folder, "LC_MESSAGES", f"{subject}.po").read_text(encoding="utf-8")
        names = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
        assert len(names) == len(set(names))


def test_a_word_that_one_language_lacks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, names in (("zh_CN", "ab"), ("en", "a")):
        where = tmp_path / folder / "LC_MESSAGES"
        where.mkdir(parents=True)
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (where / "lacking.po").write_text(head + "".join(f'msgid "{name}"\nmsgstr "x"\n\n' for name in names), "utf-8")
    monkeypatch.setattr(catalogue, "LOCALES", tmp_path)
    with pytest.raises(KeyError, match="b"):
        catalogue.section("lacking")
