"""The web service: `create_app` puts settings, database, middleware and routers together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import sessionmaker
from starlette.middleware.gzip import GZipMiddleware

from api import bulletin_pages, description, errors, field, headers, home, pages
from api.caching import BytesCache, LastingFiles
from api.dependencies import READERS
from api.jobs import Imports
from api.list_pages import assignment_forms, exclusions, gaps, hand_over, rules
from api.list_pages import assignments as assignment_list
from api.lookups import FastLookups, Memory
from api.middleware import BodyLimit, RequestLog
from api.routers import (
    accounts,
    areas,
    assignments,
    boundary_versions,
    bulletins,
    coverage,
    extents,
    grid_maps,
    hotspots,
    imports,
    issues,
    maps,
    ogc,
    overview,
    place_coverage,
    system,
    tiles,
    visits,
)
from api.work_pages import boundaries as boundary_pages
from api.work_pages import boundary_version, mine
from api.work_pages import imports as import_pages
from api.work_pages import issue as issue_page
from api.work_pages import issues as issue_pages
from geo.limits import MAX_TILE_CACHE_BYTES
from geo.services.household_ids import session_info
from geo.settings import Settings
from geo.space import locator
from geo.storage.database import make_engine, resolve_url
from geo.storage.household_key import household_key
from maps import assets

_MIN_GZIP_BYTES = 1_000


def create_app(settings: Settings) -> FastAPI:
    """The service for some settings; the database is reached at the first request, not here."""
    logging.getLogger("wangge").setLevel(logging.INFO)
    url = resolve_url(settings)
    engine = make_engine(url, pool_size=settings.pool_size, statement_timeout_ms=settings.statement_timeout_ms)

    info = session_info(household_key(settings))
    sessions = sessionmaker(engine, expire_on_commit=False, info=info)
    memory = Memory(url, sessions, settings.county)
    imports_ = Imports(url, settings.home, info)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # psycopg2 blocks, so there is a thread for each connection, and a turn for each of both: see `SessionDep`.
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.pool_size
        app.state.turns = anyio.Semaphore(settings.pool_size)
        locator.warm_up()
        memory.start()
        imports_.start()
        yield
        imports_.stop()
        memory.stop()
        engine.dispose()

    app = FastAPI(
        title="Wangge 网格",
        version=version("wangge"),
        summary="Visit coverage and grid management of a county",
        lifespan=lifespan,
        docs_url=None,
        generate_unique_id_function=description.operation_id,
        redoc_url=None,
    )
    app.state.settings, app.state.imports = settings, imports_
    app.state.sessions, app.state.memory, app.state.tiles = sessions, memory, BytesCache(MAX_TILE_CACHE_BYTES)
    app.add_middleware(BodyLimit)
    app.add_middleware(GZipMiddleware, minimum_size=_MIN_GZIP_BYTES)
    app.add_middleware(headers.SecurityHeaders)
    app.add_middleware(FastLookups, memory=memory)
    app.add_middleware(RequestLog)
    errors.install(app)
    description.install(app)
    people = assignments, areas, accounts, boundary_versions, bulletins, bulletin_pages
    lists = gaps, assignment_list, assignment_forms, hand_over, rules, exclusions
    covered = coverage, place_coverage, hotspots, overview, maps, grid_maps
    work = boundary_pages, boundary_version, import_pages, issue_pages, issue_page, mine
    for module in (tiles, imports, visits, extents, issues, *covered, ogc, pages, home, field, *people, *lists, *work):
        app.include_router(module.router, dependencies=[READERS])
    for router in (system.router, pages.open_router, field.open_router):
        app.include_router(router)
    app.mount("/static", LastingFiles(directory=assets.static_dir()), name="static")
    app.add_api_route("/docs", _docs, include_in_schema=False, response_class=HTMLResponse)
    return app


def _docs() -> HTMLResponse:
    """Swagger UI from our own assets: the page that FastAPI brings asks a content network."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Wangge API",
        swagger_js_url=assets.url_of(assets.SWAGGER_JS),
        swagger_css_url=assets.url_of(assets.SWAGGER_CSS),
        swagger_favicon_url=assets.url_of("favicon.svg"),
    )
    html = bytes(page.body).decode().replace("<html>", '<html lang="en">', 1)
    readable = f'<link rel="stylesheet" href="{assets.url_of("docs.css")}">'
    return headers.page(html.replace("</head>", f"{readable}</head>", 1))
