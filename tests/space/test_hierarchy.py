import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.space.codes import CN_DIGITS, LEVELS, Level, is_under
from geo.space.hierarchy import Node, Tree, build

COUNTY = "330122"


def cn(*nodes: tuple[str, Level] | tuple[str, Level, str], county: str | None = COUNTY) -> Tree:
    top = [Node(county, "county")] if county else []
    return build([*top, *(Node(*node) for node in nodes)], county=COUNTY, scheme="cn")


def test_the_code_says_where_an_area_stands() -> None:
    tree = cn(("330122101", "town"), ("330122101201", "village"), ("330122101201003", "grid"))
    grid = tree.places["330122101201003"]
    assert grid.parent == "330122101201"
    assert grid.path == "330122/330122101/330122101201/330122101201003"
    assert grid.ancestors == {
        "county": "330122",
        "town": "330122101",
        "village": "330122101201",
        "grid": "330122101201003",
    }
    assert tree.places[COUNTY].parent is None
    assert tree.places[COUNTY].path == COUNTY
    assert not tree.orphans


def test_a_given_parent_goes_before_the_one_of_the_code() -> None:
    tree = cn(("330122101", "town"), ("330122102", "town"), ("330122101201", "village", "330122102"))
    assert tree.places["330122101201"].path == "330122/330122102/330122101201"
    assert tree.places["330122101201"].ancestors["town"] == "330122102"


def test_levels_that_are_not_loaded_are_passed_over() -> None:
    assert cn(("330122101201", "village")).places["330122101201"].parent == COUNTY
    assert cn(("330122101201003", "grid")).places["330122101201003"].parent == COUNTY
    tree = cn(("330122101", "town"), ("330122101201003", "grid"))
    assert tree.places["330122101201003"].parent == "330122101"
    assert "village" not in tree.places["330122101201003"].ancestors


def test_a_level_that_is_loaded_is_not_passed_over() -> None:
    tree = cn(("330122101", "town"), ("330122102201", "village"), ("330122102201001", "grid"))
    assert [(node.code, parent) for node, parent in tree.orphans] == [
        ("330122102201", "330122102"),
        ("330122102201001", "330122102201"),
    ]
    assert set(tree.places) == {COUNTY, "330122101"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("330122101201", "village", "nowhere"),
        ("330122101201", "village", "330122101201"),
        ("330122101201", "village", "330122101202"),
        ("330122101201", "village", "330122101202001"),
        ("330185101", "town"),
    ],
)
def test_what_finds_no_parent_of_a_higher_level_is_named_with_the_parent_it_wants(wrong: tuple[str, Level]) -> None:
    tree = cn(("330122101", "town"), ("330122101202", "village"), ("330122101202001", "grid"), wrong)
    assert [node.code for node, _ in tree.orphans] == [wrong[0]]
    assert tree.orphans[0][1] == (wrong[2] if len(wrong) > 2 else "330185")
    assert wrong[0] not in tree.places


def test_a_parent_given_to_a_county_is_nothing() -> None:
    tree = build([Node(COUNTY, "county", "3301")], county=COUNTY, scheme="cn")
    assert tree.places[COUNTY].parent is None


def test_without_its_county_nothing_has_a_place() -> None:
    tree = cn(("330122101", "town"), county=None)
    assert [parent for _, parent in tree.orphans] == [COUNTY]


def test_opaque_codes_say_nothing_and_stand_under_the_county_or_the_given_parent() -> None:
    nodes = [
        Node("chicago", "county"),
        Node("330122101", "town"),
        Node("32", "village"),
        Node("33", "village", "330122101"),
    ]
    tree = build(nodes, county="chicago", scheme="opaque")
    assert tree.places["32"].path == "chicago/32"
    assert tree.places["33"].path == "chicago/330122101/33"
    assert not tree.orphans


@st.composite
def counties(draw: st.DrawFn) -> list[Node]:
    """A county of mainland codes in which some areas are run by another parent of the right level."""
    nodes = [Node(COUNTY, "county")]
    above = [COUNTY]
    for level in LEVELS[1:]:
        here: list[str] = []
        for parent in above:
            for number in range(draw(st.integers(0, 3))):
                code = f"{parent}{number + 1:03d}"
                run_by = draw(st.none() | st.sampled_from(above))
                nodes.append(Node(code, level, run_by))
                here.append(code)
        above = here
        if not above:
            break
    return nodes


@settings(max_examples=60)
@given(counties(), st.randoms(use_true_random=False))
def test_a_tree_is_a_tree_in_whatever_order_it_comes(nodes: list[Node], chance: random.Random) -> None:
    tree = build(nodes, county=COUNTY, scheme="cn")
    assert not tree.orphans
    assert set(tree.places) == {node.code for node in nodes}
    levels = {node.code: node.level for node in nodes}
    for node in nodes:
        place = tree.places[node.code]
        parent = node.parent or (node.code[: CN_DIGITS[LEVELS[LEVELS.index(node.level) - 1]]] if place.parent else None)
        assert place.parent == (parent if node.level != "county" else None)
        chain = place.path.split("/")
        assert chain[0] == COUNTY
        assert chain[-1] == node.code
        assert place.ancestors == {levels[code]: code for code in chain}
        assert is_under(place.path, COUNTY)
        if place.parent:
            assert is_under(place.path, tree.places[place.parent].path)
    shuffled = nodes.copy()
    chance.shuffle(shuffled)
    assert build(shuffled, county=COUNTY, scheme="cn").places == tree.places
