"""What every work page is given, and its frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api import addresses, navigation, refusals, web
from api.dependencies import AccessDep, CountyDep, LangQuery, SessionDep
from api.list_pages import frame
from geo.errors import Lang
from geo.services.accounts import Access
from geo.storage.queries import areas
from geo.storage.queries.counties import CountyInfo
from maps import catalogue, palette


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks for what, in which county and language."""

    request: Request
    session: Session
    county: CountyInfo
    access: Access
    lang: Lang

    @property
    def common(self) -> dict[str, str]:
        """What every address keeps."""
        return {"county": self.county.code, "lang": self.lang}

    def words(self, subject: str) -> dict[str, str]:
        """Words of a subject."""
        return catalogue.words(subject, self.lang)

    def link(self, path: str, **query: object) -> str:
        """An address of ours in the same county and language."""
        return addresses.to(path, self.common, **query)

    def page(
        self,
        template: str,
        *,
        title: str,
        current: str,
        status: int = HTTPStatus.OK,
        styles: Sequence[str] = (),
        scripts: Sequence[str] = ("work.js",),
        **context: Any,
    ) -> HTMLResponse:
        """The page.

        :param current: its name in the navigation
        """
        request = self.request
        return web.page(
            template,
            lang=self.lang,
            title=title,
            # A form's own address is no page that could be opened in the other language.
            here=frame.here(request) if request.method == "GET" else refusals.back_of(request) or "/",
            nav=navigation.pages(self.access, self.lang, current, county=self.county.code),
            styles=(*frame.STYLES, *styles),
            scripts=scripts,
            status=status,
            form_token=web.form_token(request),
            colours=palette.css_variables(),
            county_name=areas.county_name(self.session, self.county.code),
            **context,
        )


async def _desk(request: Request, session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery) -> Desk:
    return Desk(request, session, county, access, lang)


DeskDep = Annotated[Desk, Depends(_desk)]
