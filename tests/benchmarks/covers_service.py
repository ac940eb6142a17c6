"""The peer of the lookup: the same service, its endpoint answered by one ST_Covers query over a pool of connections.

As good as that way gets: one prepared statement a request, psycopg2 without an ORM, a pool that keeps its connections,
and who may ask looked up in memory, so that nothing but the lookup differs.
"""

import os
from datetime import date

from fastapi import FastAPI, Request
from fastapi.responses import Response
from psycopg2.pool import ThreadedConnectionPool
from sqlalchemy import make_url

from api import cli
from api.app import create_app
from api.commands import serve
from api.etags import tag_of
from geo.settings import Settings

PREPARE = """
    PREPARE responsible (text, float8, float8, date) AS
    WITH version AS (SELECT version FROM boundary_versions WHERE county_code = $1 AND status = 'active'), found AS (
      SELECT grid_code, village_code, town_code FROM areas
      WHERE county_code = $1 AND version = (SELECT version FROM version) AND level = 'grid'
        AND ST_Covers(geom, ST_SetSRID(ST_MakePoint($2, $3), 4326))
      LIMIT 1
    )
    SELECT json_agg(json_build_object('area', json_build_object('code', a.code, 'level', a.level, 'kind', a.kind,
        'name', a.name, 'parent', a.parent_code, 'path', a.path, 'households', a.households, 'population', a.population,
        'area_m2', round(a.area_m2::numeric, 1)),
      'assignments', coalesce((SELECT json_agg(json_build_object('id', s.id, 'area', s.area_code, 'role', s.role,
          'from', s.from_day, 'to', s.to_day, 'staff_no', s.staff_no, 'name', p.name, 'post', p.post,
          'organisation', p.organisation_code, 'organisation_name', o.name))
        FROM assignments s
        JOIN cadres p ON p.county_code = s.county_code AND p.staff_no = s.staff_no
        JOIN organisations o ON o.county_code = p.county_code AND o.code = p.organisation_code
        WHERE s.county_code = $1 AND s.area_code = a.code AND s.from_day <= $4
          AND (s.to_day IS NULL OR s.to_day > $4)), '[]'::json)) ORDER BY own.place)::text
    FROM found
    CROSS JOIN LATERAL unnest(ARRAY[grid_code, village_code, town_code]) WITH ORDINALITY AS own (code, place)
    JOIN areas a ON a.county_code = $1 AND a.version = (SELECT version FROM version) AND a.code = own.code
"""
ONE = "EXECUTE responsible (%s, %s, %s, %s)"


def make(settings: Settings) -> FastAPI:
    """The application."""
    app = create_app(settings)
    # Only the lookup differs: nothing is answered before the endpoint.
    app.user_middleware = [one for one in app.user_middleware if one.cls.__name__ != "FastLookups"]
    url = make_url(settings.database_url or "").set(drivername="postgresql")
    pool = ThreadedConnectionPool(
        settings.pool_size, settings.pool_size, url.render_as_string(hide_password=False), options="-c jit=off"
    )
    _prepare(pool, settings.pool_size)
    tokens = {f"Bearer {os.environ['PEER_TOKEN']}"}
    county = os.environ["PEER_COUNTY"]

    def at(request: Request, lon: float, lat: float, on: date) -> Response:
        assert request.headers["authorization"] in tokens
        connection = pool.getconn()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(ONE, (county, lon, lat, on))
                (areas,) = cursor.fetchone()
        finally:
            pool.putconn(connection)
        content = f'{{"on":"{on}","boundary_version":1,"areas":{areas},"lon":{lon!r},"lat":{lat!r},"candidates":[]}}'
        return Response(content, media_type="application/json", headers={"etag": tag_of(content.encode())})

    app.add_api_route("/peer/at", at, methods=["GET"])
    return app


def _prepare(pool: ThreadedConnectionPool, count: int) -> None:
    connections = [pool.getconn() for _ in range(count)]
    for connection in connections:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(PREPARE)
        pool.putconn(connection)


if __name__ == "__main__":
    serve.create_app = make
    cli.main(["serve"])
