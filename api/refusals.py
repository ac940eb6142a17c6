"""What is refused, as a page for whoever sits before a browser: the sentence, its number, and the way back."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse

from api import headers, kept, navigation, web
from geo.errors import Lang
from maps import catalogue
from maps.page import Nav


def wants_page(request: Request) -> bool:
    """Whether a browser waits for a page: it opened an address, or sent a form."""
    opened = request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
    return opened or kept.is_form(request)


def page(request: Request, status: int, title: str, detail: str, lang: Lang) -> HTMLResponse:
    """The page."""
    said = catalogue.words("refusals", lang)
    plain = detail in {one.phrase for one in HTTPStatus}
    request_id = getattr(request.state, "request_id", None)
    answer = web.page(
        "refusal.html.j2",
        lang=lang,
        here=_here(request),
        title=title,
        nav=nav_of(request, lang),
        status=status,
        refused=said,
        detail=said.get(f"status_{status}", said["status_other"]) if plain else detail,
        advice=said.get(f"advice_{status}", ""),
        back=back_of(request),
        request_id=request_id,
    )
    # What nobody expected is answered outside of the middleware that sets these.
    for name, value in {**headers.HEADERS, **({"x-request-id": request_id} if request_id else {})}.items():
        answer.headers.setdefault(name, value)
    return answer


def nav_of(request: Request, lang: Lang) -> Nav | None:
    """The way to other pages, once it is known who asks."""
    access = getattr(request.state, "access", None)
    return navigation.pages(access, lang, "") if access is not None else None


def back_of(request: Request) -> str | None:
    """The page of ours that somebody came from, None where the browser does not say or it is this one."""
    came = urlsplit(request.headers.get("referer", ""))
    path = came.path + (f"?{came.query}" if came.query else "")
    if came.netloc != request.headers.get("host") or kept.own(path) != path:
        return None
    return path if path != _here(request) or request.method == "POST" else None


def _here(request: Request) -> str:
    path = kept.own(request.url.path)
    rest = "&".join(one for one in request.url.query.split("&") if one and not one.startswith("lang="))
    return f"{path}?{rest}" if rest else path
