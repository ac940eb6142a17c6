"""Every error says itself in both languages, with the facts that it is raised with anywhere in the service."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo import errors
from geo.errors import WanggeError

ROOT = Path(errors.__file__).parent.parent
CLASSES: dict[str, type[WanggeError]] = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, WanggeError)
}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def raised() -> Iterator[tuple[str, str, set[str] | None]]:
    """Each place where an error is made: where, which, and the names of its facts (None where they are unpacked)."""
    for folder in ("geo", "api", "maps", "data"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                    names = {keyword.arg for keyword in node.keywords}
                    yield where, node.func.id, None if None in names else {name for name in names if name}
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in CLASSES:
                    yield where, node.exc.id, set()


RAISED = list(raised())


@pytest.mark.parametrize("name", CLASSES)
def test_both_languages_speak_of_the_same_facts(name: str) -> None:
    cls = CLASSES[name]
    zh = {field.removesuffix("_zh") for field in fields(cls.zh)}
    assert zh == fields(cls.en)
    facts = {field: f"<{field}>" for field in fields(cls.zh) | fields(cls.en)}
    error = cls(**facts)
    assert str(error) == error.text("en")
    for field in fields(cls.en):
        assert f"<{field}>" in error.text("en")
    for field in fields(cls.zh):
        assert f"<{field}>" in error.text("zh-CN")
    assert error.facts == facts


def test_the_chinese_ones_are_chinese() -> None:
    said = {name: cls.zh for name, cls in CLASSES.items() if cls.zh != WanggeError.zh}
    for name, template in said.items():
        words = string.Formatter().parse(template)
        text = "".join(literal for literal, *_ in words)
        # Those two say nothing but what they are told, in both languages.
        assert name in {"FileUnreadable", "InvalidField"} or any("\u4e00" <= letter <= "\u9fff" for letter in text), (
            name
        )


@pytest.mark.parametrize("where", [(where, name) for where, name, _ in RAISED], ids=lambda where: f"{where[0]}")
def test_every_error_is_raised_with_the_facts_that_its_sentences_need(where: tuple[str, str]) -> None:
    given = next(given for place, name, given in RAISED if (place, name) == where)
    assert given is not None, "facts are unpacked: write them out, so that this test can see them"
    cls = CLASSES[where[1]]
    assert fields(cls.en) | fields(cls.zh) == given


def test_every_error_is_raised_somewhere_or_is_a_base() -> None:
    bases = {cls.__base__ for cls in CLASSES.values()}
    idle = {name for name, cls in CLASSES.items() if cls not in bases} - {name for _, name, _ in RAISED}
    assert idle == set()


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").partition("::")[2].splitlines():
        if "WanggeError" in line:
            above = ["WanggeError"]
        elif above and "── " in line:
            branch, _, rest = line.partition("── ")
            depth = len(branch.removeprefix("    ")) // 4 + 1
            names = [name.strip() for name in rest.split("  ")[0].split(",")]
            drawn |= dict.fromkeys(names, above[depth - 1])
            above = [*above[:depth], names[0]]
    assert drawn == {name: cls.__base__.__name__ for name, cls in CLASSES.items() if cls is not WanggeError}
