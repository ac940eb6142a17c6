"""Boundaries, people, visits and their tallies."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Counts go up and down with the rows of one statement, whoever wrote it. A month is the county's own. Rows are taken in
# key order, so that two batches at once wait for each other instead of blocking each other.
_CHANGED = """
    SELECT v.county_code, date_trunc('month', v.started_at AT TIME ZONE c.time_zone)::date AS month,
           v.area_code, v.staff_no, v.started_at, v.tag, v.place_id, {sign} AS n
    FROM {table} v JOIN counties c ON c.code = v.county_code
"""


def _apply(changed: str) -> str:
    return f"""
    INSERT INTO visit_tallies AS t (county_code, month, area_code, staff_no, visits, unlocated, last_at)
    SELECT county_code, month, area_code, staff_no, sum(n), coalesce(sum(n) FILTER (WHERE tag = 'unlocated'), 0),
           max(started_at)
    FROM ({changed}) changed
    GROUP BY county_code, month, area_code, staff_no
    ORDER BY county_code, month, area_code, staff_no
    ON CONFLICT (county_code, month, area_code, staff_no)
    DO UPDATE SET visits = t.visits + excluded.visits, unlocated = t.unlocated + excluded.unlocated,
                  last_at = greatest(t.last_at, excluded.last_at);

    INSERT INTO household_tallies AS t (county_code, month, area_code, place_id, visits)
    SELECT h.county_code, h.month, coalesce(p.area_code, ''), h.place_id, sum(h.n)
    FROM ({changed}) h
    JOIN places p ON p.county_code = h.county_code AND p.id = h.place_id AND p.kind = 'household'
    GROUP BY h.county_code, h.month, coalesce(p.area_code, ''), h.place_id
    HAVING sum(h.n) <> 0
    ORDER BY h.county_code, h.month, coalesce(p.area_code, ''), h.place_id
    ON CONFLICT (county_code, month, area_code, place_id) DO UPDATE SET visits = t.visits + excluded.visits;
"""


_ADDED = _CHANGED.format(table="added", sign="1")
_REMOVED = _CHANGED.format(table="removed", sign="-1")
_EMPTIED = f"""
    DELETE FROM visit_tallies t USING (SELECT DISTINCT county_code, month FROM ({_REMOVED}) r) k
    WHERE t.county_code = k.county_code AND t.month = k.month AND t.visits = 0;
    DELETE FROM household_tallies t USING (SELECT DISTINCT county_code, month FROM ({_REMOVED}) r) k
    WHERE t.county_code = k.county_code AND t.month = k.month AND t.visits = 0;

    UPDATE visit_tallies t SET last_at = (
      SELECT max(v.started_at) FROM visits v
      WHERE v.county_code = t.county_code AND v.area_code = t.area_code AND v.staff_no = t.staff_no
      AND v.started_at >= t.month::timestamp AT TIME ZONE r.time_zone AND v.started_at <= t.last_at)
    FROM (SELECT r.county_code, r.month, r.area_code, r.staff_no, c.time_zone, max(r.started_at) AS last_at
          FROM ({_REMOVED}) r JOIN counties c ON c.code = r.county_code GROUP BY 1, 2, 3, 4, 5) r
    WHERE t.county_code = r.county_code AND t.month = r.month AND t.area_code = r.area_code
    AND t.staff_no = r.staff_no AND t.last_at = r.last_at;
"""

# How many households of an area were reached follows from their tallies in the same way.
_REACHED = """
    INSERT INTO reached_tallies AS t (county_code, month, area_code, households)
    SELECT county_code, month, area_code, sum(n)
    FROM ({changed}) changed
    GROUP BY county_code, month, area_code
    HAVING sum(n) <> 0
    ORDER BY county_code, month, area_code
    ON CONFLICT (county_code, month, area_code) DO UPDATE SET households = t.households + excluded.households;
"""
_MORE = "SELECT county_code, month, area_code, 1 AS n FROM added"
_FEWER = "SELECT county_code, month, area_code, -1 AS n FROM removed"
_UNREACHED = """
    DELETE FROM reached_tallies t USING (SELECT DISTINCT county_code, month FROM removed) k
    WHERE t.county_code = k.county_code AND t.month = k.month AND t.households = 0;
"""

TRIGGERS = [
    f"""
    CREATE FUNCTION tally_visits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN {_apply(_ADDED)}
      ELSIF TG_OP = 'UPDATE' THEN {_apply(_ADDED + " UNION ALL " + _REMOVED)} {_EMPTIED}
      ELSIF TG_OP = 'DELETE' THEN {_apply(_REMOVED)} {_EMPTIED}
      ELSE TRUNCATE visit_tallies, household_tallies, reached_tallies;
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER tally_added AFTER INSERT ON visits REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_visits()
    """,
    """
    CREATE TRIGGER tally_changed AFTER UPDATE ON visits REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_visits()
    """,
    """
    CREATE TRIGGER tally_removed AFTER DELETE ON visits REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_visits()
    """,
    "CREATE TRIGGER tally_emptied AFTER TRUNCATE ON visits FOR EACH STATEMENT EXECUTE FUNCTION tally_visits()",
    f"""
    CREATE FUNCTION tally_households() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN {_REACHED.format(changed=_MORE)}
      ELSIF TG_OP = 'UPDATE' THEN {_REACHED.format(changed=f"{_MORE} UNION ALL {_FEWER}")} {_UNREACHED}
      ELSE {_REACHED.format(changed=_FEWER)} {_UNREACHED}
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER household_reached AFTER INSERT ON household_tallies REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_households()
    """,
    """
    CREATE TRIGGER household_changed AFTER UPDATE ON household_tallies
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_households()
    """,
    """
    CREATE TRIGGER household_unreached AFTER DELETE ON household_tallies REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_households()
    """,
    # A household that moves to another area (a new boundary version, a corrected position) takes its visits along; a
    # place that was entered as another kind brings its visits with it, or gives them back. That is rare, and no index
    # leads from a place to its visits, so it is looked for first.
    """
    CREATE FUNCTION move_household_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE household_tallies t SET area_code = coalesce(n.area_code, '')
      FROM moved_to n
      WHERE t.county_code = n.county_code AND t.place_id = n.id AND t.area_code <> coalesce(n.area_code, '');
      IF EXISTS (SELECT FROM moved_from o JOIN moved_to n USING (county_code, id)
                 WHERE (o.kind = 'household') <> (n.kind = 'household')) THEN
        DELETE FROM household_tallies t USING moved_to n
        WHERE t.county_code = n.county_code AND t.place_id = n.id AND n.kind <> 'household';
        INSERT INTO household_tallies (county_code, month, area_code, place_id, visits)
        SELECT v.county_code, date_trunc('month', v.started_at AT TIME ZONE c.time_zone)::date,
               coalesce(n.area_code, ''), v.place_id, count(*)
        FROM moved_to n
        JOIN moved_from o ON o.county_code = n.county_code AND o.id = n.id AND o.kind <> 'household'
        JOIN visits v ON v.county_code = n.county_code AND v.place_id = n.id
        JOIN counties c ON c.code = v.county_code
        WHERE n.kind = 'household'
        GROUP BY 1, 2, 3, 4;
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER household_moved AFTER UPDATE ON places REFERENCING OLD TABLE AS moved_from NEW TABLE AS moved_to
    FOR EACH STATEMENT EXECUTE FUNCTION move_household_tallies()
    """,
]


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "counties",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("metric_epsg", sa.Integer(), nullable=False),
        sa.CheckConstraint("scheme IN ('cn', 'opaque')", name=op.f("ck_counties_scheme")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_counties")),
    )
    op.create_table(
        "household_tallies",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Text(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "month", "area_code", "place_id", name=op.f("pk_household_tallies")),
    )
    op.create_table(
        "reached_tallies",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "month", "area_code", name=op.f("pk_reached_tallies")),
    )
    op.create_table(
        "visit_tallies",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("unlocated", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "month", "area_code", "staff_no", name=op.f("pk_visit_tallies")),
    )
    op.create_table(
        "area_settings",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default="ordinary", nullable=False),
        sa.Column("excluded_reason", sa.Text(), nullable=True),
        sa.Column("excluded_by", sa.Text(), nullable=True),
        sa.Column("excluded_on", sa.Date(), nullable=True),
        sa.CheckConstraint("tier IN ('key', 'ordinary')", name=op.f("ck_area_settings_tier")),
        sa.CheckConstraint(
            "num_nulls(excluded_reason, excluded_by, excluded_on) IN (0, 3)", name=op.f("ck_area_settings_exclusion")
        ),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_area_settings_county_code")),
        sa.PrimaryKeyConstraint("county_code", "code", name=op.f("pk_area_settings")),
    )
    op.create_table(
        "boundary_versions",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("in_force_until", sa.Date(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'staged') = (in_force_from IS NULL)", name=op.f("ck_boundary_versions_in_force")),
        sa.CheckConstraint("status IN ('staged', 'active', 'retired')", name=op.f("ck_boundary_versions_status")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_boundary_versions_county_code")),
        sa.PrimaryKeyConstraint("county_code", "version", name=op.f("pk_boundary_versions")),
    )
    op.create_index(
        "uq_boundary_versions_active",
        "boundary_versions",
        ["county_code"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "organisations",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('town', 'department')", name=op.f("ck_organisations_kind")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_organisations_county_code")),
        sa.PrimaryKeyConstraint("county_code", "code", name=op.f("pk_organisations")),
    )
    op.create_table(
        "visit_rules",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("visits_per_month", sa.Integer(), nullable=True),
        sa.Column("every_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("level IN ('town', 'village', 'grid')", name=op.f("ck_visit_rules_level")),
        sa.CheckConstraint("tier IN ('key', 'ordinary')", name=op.f("ck_visit_rules_tier")),
        sa.CheckConstraint("coalesce(visits_per_month, every_days) > 0", name=op.f("ck_visit_rules_positive")),
        sa.CheckConstraint("num_nulls(visits_per_month, every_days) = 1", name=op.f("ck_visit_rules_one_form")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_visit_rules_county_code")),
        sa.PrimaryKeyConstraint("county_code", "level", "tier", name=op.f("pk_visit_rules")),
    )
    op.create_table(
        "areas",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("grid_code", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column("drawn", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.CheckConstraint("(level = 'county') = (parent_code IS NULL)", name=op.f("ck_areas_parent")),
        sa.CheckConstraint("level IN ('county', 'town', 'village', 'grid')", name=op.f("ck_areas_level")),
        sa.ForeignKeyConstraint(
            ["county_code", "version", "parent_code"],
            ["areas.county_code", "areas.version", "areas.code"],
            name=op.f("fk_areas_county_code_version_parent_code"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            name=op.f("fk_areas_county_code_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "version", "code", name=op.f("pk_areas")),
    )
    # PostGIS would keep geometries inside the row, 8 KB of it, and every list of areas would read them all.
    op.execute("ALTER TABLE areas ALTER geom SET STORAGE EXTERNAL, ALTER drawn SET STORAGE EXTERNAL")
    op.create_index(
        op.f("ix_areas_county_code_version_level_code"),
        "areas",
        ["county_code", "version", "level", "code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_areas_county_code_version_parent_code"),
        "areas",
        ["county_code", "version", "parent_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_areas_county_code_version_path"), "areas", ["county_code", "version", "path"], unique=False
    )
    op.create_index(op.f("ix_areas_geom"), "areas", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "cadres",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["county_code", "organisation_code"],
            ["organisations.county_code", "organisations.code"],
            name=op.f("fk_cadres_county_code_organisation_code"),
        ),
        sa.PrimaryKeyConstraint("county_code", "staff_no", name=op.f("pk_cadres")),
    )
    op.create_table(
        "assignments",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("county_code"), "="),
            (sa.column("area_code"), "="),
            (sa.text("daterange(from_day, to_day)"), "&&"),
            where=sa.text("role = 'grid_head'"),
            using="gist",
            name="ex_assignments_one_grid_head",
        ),
        sa.CheckConstraint(
            "role IN ('grid_head', 'full_time', 'part_time', 'instructor', 'village_link', 'area_leader')",
            name=op.f("ck_assignments_role"),
        ),
        sa.CheckConstraint("to_day > from_day", name=op.f("ck_assignments_days")),
        sa.ForeignKeyConstraint(
            ["county_code", "staff_no"],
            ["cadres.county_code", "cadres.staff_no"],
            name=op.f("fk_assignments_county_code_staff_no"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "county_code",
            "area_code",
            "role",
            "staff_no",
            "from_day",
            name=op.f("uq_assignments_county_code_area_code_role_staff_no_from_day"),
        ),
    )
    op.create_table(
        "places",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("frame", sa.Text(), nullable=True),
        sa.Column("claimed_area", sa.Text(), nullable=True),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("staff_no", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('household', 'enterprise', 'project', 'scenic_spot')", name=op.f("ck_places_kind")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "staff_no"],
            ["cadres.county_code", "cadres.staff_no"],
            name=op.f("fk_places_county_code_staff_no"),
        ),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_places_county_code")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_places")),
    )
    op.create_table(
        "visits",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("frame", sa.Text(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("claimed_area", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Text(), nullable=True),
        sa.Column("topics", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("grid_code", sa.Text(), nullable=True),
        sa.Column(
            "area_code",
            sa.Text(),
            sa.Computed("coalesce(grid_code, village_code, town_code, '')", persisted=True),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(position IS NULL) = (tag = 'unlocated')", name=op.f("ck_visits_unlocated")),
        sa.CheckConstraint("tag IN ('inside', 'outside', 'unlocated')", name=op.f("ck_visits_tag")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_visits_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["county_code", "place_id"],
            ["places.county_code", "places.id"],
            name=op.f("fk_visits_county_code_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "staff_no"],
            ["cadres.county_code", "cadres.staff_no"],
            name=op.f("fk_visits_county_code_staff_no"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_visits")),
    )
    op.create_index(
        op.f("ix_visits_county_code_area_code_started_at"),
        "visits",
        ["county_code", "area_code", "started_at"],
        unique=False,
    )
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    # The extensions stay: another schema of the same database may use them.
    op.drop_table("visits")
    op.execute("DROP FUNCTION tally_visits()")
    op.drop_table("places")
    op.execute("DROP FUNCTION move_household_tallies()")
    op.drop_table("assignments")
    op.drop_table("cadres")
    op.drop_index(op.f("ix_areas_geom"), table_name="areas")
    op.drop_index(op.f("ix_areas_county_code_version_path"), table_name="areas")
    op.drop_index(op.f("ix_areas_county_code_version_parent_code"), table_name="areas")
    op.drop_index(op.f("ix_areas_county_code_version_level_code"), table_name="areas")
    op.drop_table("areas")
    op.drop_table("visit_rules")
    op.drop_table("organisations")
    op.drop_index(
        "uq_boundary_versions_active", table_name="boundary_versions", postgresql_where=sa.text("status = 'active'")
    )
    op.drop_table("boundary_versions")
    op.drop_table("area_settings")
    op.drop_table("visit_tallies")
    op.drop_table("household_tallies")
    op.drop_table("reached_tallies")
    op.execute("DROP FUNCTION tally_households()")
    op.drop_table("counties")
