import json
import re
from pathlib import Path

import pytest

from maps import assets

ROOT = Path(assets.__file__).parent.parent


def fake_modules(folder: Path) -> Path:
    """Every file that is taken, and one that is not."""
    modules = folder / "node_modules"
    for package, patterns in assets.VENDORED.items():
        for pattern in (*patterns, "dist/not-wanted.js"):
            path = modules / package / pattern.replace("*", "any")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pattern, encoding="utf-8")
    return modules


def test_copies_files_with_their_licence_and_drops_old_ones(tmp_path: Path) -> None:
    into = tmp_path / "vendor"
    (into / "old").mkdir(parents=True)
    written = assets.copy_vendored(fake_modules(tmp_path), into)
    names = {path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()}
    assert names == {path.relative_to(into).as_posix() for path in written}
    licences = {name.split("/")[0] for name in names if re.search(r"/(LICENSE\b.*|package\.json)$", name)}
    assert licences == set(assets.VENDORED)
    assert "leaflet/images/any.png" in names
    assert not [name for name in names if "not-wanted" in name]
    assert not (into / "old").exists()


def test_a_missing_file_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(assets.AssetMissing, match="make assets"):
        assets.copy_vendored(tmp_path / "node_modules", tmp_path)
    assert tmp_path.exists()
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    for ask in (assets.url_of, assets.text_of):
        with pytest.raises(assets.AssetMissing, match=r"leaflet\.js is missing; run: make assets"):
            ask(assets.LEAFLET_JS)


def test_address_changes_with_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    (tmp_path / "a.js").write_text("one", encoding="utf-8")
    first = assets.url_of("a.js")
    assert re.fullmatch(r"/static/a\.js\?v=[0-9a-f]{12}", first)
    assert assets.url_of("a.js") == first
    (tmp_path / "a.js").write_text("another", encoding="utf-8")
    assert assets.url_of("a.js") != first


def test_our_own_files_come_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    (tmp_path / "vendor").mkdir()
    for name, text in (("vendor/x.js", "x"), ("a.js", "one;"), ("b.js", "two;"), ("c.css", "c")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    apart, before, between, after = assets.urls_of(("a.js", "vendor/x.js", "a.js", "b.js", "vendor/x.js"))[:4]
    assert (before, after) == (assets.url_of("vendor/x.js"),) * 2
    assert re.fullmatch(r"/static/together/a\.js\?v=[0-9a-f]{12}", apart)
    assert re.fullmatch(r"/static/together/a\.js\+b\.js\?v=[0-9a-f]{12}", between)
    found = assets.joined("a.js+b.js")
    assert found is not None
    assert (found.text, found.media_type) == (b"one;\ntwo;", "text/javascript")
    assert between.endswith(found.mark)
    (tmp_path / "b.js").write_text("three;", encoding="utf-8")
    assert assets.urls_of(("a.js", "b.js")) != [between]
    for other in ("", "a.js+c.css", "a.js+d.js", "vendor/x.js", "../a.js", "a.js+", "+".join(["a.js"] * 41)):
        assert assets.joined(other) is None
    with pytest.raises(assets.AssetMissing, match=r"d\.js is missing"):
        assets.urls_of(("a.js", "d.js"))


def test_inlined_text_cannot_end_its_element(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    (tmp_path / "a.js").write_text('x = "</script>";\n//# sourceMappingURL=a.js.map', encoding="utf-8")
    assert assets.text_of("a.js").strip() == r'x = "<\/script>";'
    (tmp_path / "b.png").write_bytes(b"png")
    (tmp_path / "a.css").write_text("a { background: url(b.png) } b { behavior: url(#default#VML) }", encoding="utf-8")
    assert (
        assets.text_of("a.css") == "a { background: url(data:image/png;base64,cG5n) } b { behavior: url(#default#VML) }"
    )


def test_pins_are_exact_and_the_lock_names_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted["dependencies"].values())
    assert set(wanted["dependencies"]) == set(assets.VENDORED)
    assert '"resolved"' not in lock
    assert "://" not in lock
    assert all("integrity" in entry for name, entry in json.loads(lock)["packages"].items() if name)


@pytest.mark.parametrize(
    "path",
    sorted([*assets.STATIC.glob("*.js"), *assets.STATIC.glob("*.css")])
    + sorted((ROOT / "maps" / "templates").iterdir()),
)
def test_our_files_name_no_other_host(path: Path) -> None:
    assert "://" not in path.read_text(encoding="utf-8")
