"""Pages read as a browser reads them, with lxml, so that what is hostile in a name would show as an element."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lxml import html
from sqlalchemy.orm import Session

from geo.storage.database import make_engine


@contextmanager
def writing(url: str) -> Iterator[Session]:
    """A session that commits."""
    engine = make_engine(url)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
    engine.dispose()


def tree(answer: Any, status: int = 200) -> Any:
    """The page of an answer."""
    assert answer.status_code == status, answer.text[:400]
    return html.fromstring(answer.text)


def texts(page: Any, path: str) -> list[str]:
    """What stands in the elements of an XPath."""
    return [" ".join(one.text_content().split()) for one in page.xpath(path)]


def column(page: Any, title: str) -> list[str]:
    """The cells below a title."""
    return texts(page, f"//table//tbody//*[@data-label='{title}']/span")


def field_errors(page: Any) -> dict[str, str]:
    """What stands beside each field."""
    return {
        one.get("name"): " ".join(page.xpath(f"//*[@id='{one.get('aria-describedby')}']//strong/text()"))
        for one in page.xpath("//*[@aria-invalid='true']")
    }


def values(page: Any) -> dict[str, str]:
    """What the fields of a form hold; a choice that is none of the list is left out."""
    found = {one.get("name"): one.get("value") for one in page.xpath("//form[@method='post']//input")}
    for one in page.xpath("//form[@method='post']//select"):
        found |= {one.get("name"): value for value in one.xpath("./option[@selected]/@value")}
    return found
