"""Visits are corrected and withdrawn, flagged, numbered by change, and honest about borders."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TAGS = "tag IN ('inside', 'near_border', 'outside', 'unlocated')"
_OLD_TAGS = "tag IN ('inside', 'outside', 'unlocated')"

# One transaction at a time takes numbers and commits them, so whoever has read up to a number has missed nothing.
_ORDER = (
    """
    CREATE FUNCTION order_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(TG_RELID::bigint);
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER visits_in_order BEFORE INSERT OR UPDATE ON visits
    FOR EACH STATEMENT EXECUTE FUNCTION order_changes()
    """,
)

# As in the first migration, but a visit that was withdrawn counts nowhere.
_CHANGED = """
    SELECT v.county_code, date_trunc('month', v.started_at AT TIME ZONE c.time_zone)::date AS month,
           v.area_code, v.staff_no, v.started_at, v.tag, v.place_id, {sign} AS n
    FROM {table} v JOIN counties c ON c.code = v.county_code {where}
"""
_STANDING = "WHERE v.withdrawn_at IS NULL"


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


def _functions(where: str, also: str) -> tuple[str, ...]:
    added = _CHANGED.format(table="added", sign="1", where=where)
    removed = _CHANGED.format(table="removed", sign="-1", where=where)
    emptied = f"""
    DELETE FROM visit_tallies t USING (SELECT DISTINCT county_code, month FROM ({removed}) r) k
    WHERE t.county_code = k.county_code AND t.month = k.month AND t.visits = 0;
    DELETE FROM household_tallies t USING (SELECT DISTINCT county_code, month FROM ({removed}) r) k
    WHERE t.county_code = k.county_code AND t.month = k.month AND t.visits = 0;

    UPDATE visit_tallies t SET last_at = (
      SELECT max(v.started_at) FROM visits v
      WHERE v.county_code = t.county_code AND v.area_code = t.area_code AND v.staff_no = t.staff_no {also}
      AND v.started_at >= t.month::timestamp AT TIME ZONE r.time_zone AND v.started_at <= t.last_at)
    FROM (SELECT r.county_code, r.month, r.area_code, r.staff_no, c.time_zone, max(r.started_at) AS last_at
          FROM ({removed}) r JOIN counties c ON c.code = r.county_code GROUP BY 1, 2, 3, 4, 5) r
    WHERE t.county_code = r.county_code AND t.month = r.month AND t.area_code = r.area_code
    AND t.staff_no = r.staff_no AND t.last_at = r.last_at;
    """
    return (
        f"""
        CREATE OR REPLACE FUNCTION tally_visits() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN {_apply(added)}
          ELSIF TG_OP = 'UPDATE' THEN {_apply(added + " UNION ALL " + removed)} {emptied}
          ELSIF TG_OP = 'DELETE' THEN {_apply(removed)} {emptied}
          ELSE TRUNCATE visit_tallies, household_tallies, reached_tallies;
          END IF;
          RETURN NULL;
        END $$
        """,
        f"""
        CREATE OR REPLACE FUNCTION move_household_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
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
            JOIN visits v ON v.county_code = n.county_code AND v.place_id = n.id {also}
            JOIN counties c ON c.code = v.county_code
            WHERE n.kind = 'household'
            GROUP BY 1, 2, 3, 4;
          END IF;
          RETURN NULL;
        END $$
        """,
    )


def upgrade() -> None:
    # Their makers filled all bands with one shape; they are made anew when a tile is asked for.
    op.execute("TRUNCATE tile_shapes")
    op.add_column("organisations", sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False)))
    op.execute("CREATE SEQUENCE visit_changes AS bigint")
    for column in (
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("companions", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change", sa.BigInteger(), server_default=sa.text("nextval('visit_changes')"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
    ):
        op.add_column("visits", column)
    op.drop_constraint(op.f("ck_visits_tag"), "visits")
    op.create_check_constraint(op.f("ck_visits_tag"), "visits", _TAGS)
    op.create_index(
        op.f("ix_visits_county_code_staff_no_started_at"), "visits", ["county_code", "staff_no", "started_at"]
    )
    op.create_index(op.f("ix_visits_county_code_change"), "visits", ["county_code", "change"])
    op.create_index(op.f("ix_visits_changed_at"), "visits", ["changed_at"], postgresql_using="brin")
    op.create_table(
        "visit_revisions",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("action IN ('corrected', 'withdrawn', 'restored')", name=op.f("ck_visit_revisions_action")),
        sa.ForeignKeyConstraint(
            ["county_code", "visit_id"],
            ["visits.county_code", "visits.id"],
            name=op.f("fk_visit_revisions_county_code_visit_id"),
        ),
        sa.PrimaryKeyConstraint("county_code", "visit_id", "number", name=op.f("pk_visit_revisions")),
    )
    for statement in (*_ORDER, *_functions(_STANDING, "AND v.withdrawn_at IS NULL")):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER visits_in_order ON visits")
    op.execute("DROP FUNCTION order_changes()")
    op.execute("DELETE FROM visit_revisions")
    op.execute("DELETE FROM visits WHERE withdrawn_at IS NOT NULL")
    inside = "CASE WHEN area_code = '' THEN 'outside' ELSE 'inside' END"
    op.execute(f"UPDATE visits SET tag = {inside} WHERE tag = 'near_border'")
    for statement in _functions("", ""):
        op.execute(statement)
    op.drop_table("visit_revisions")
    op.drop_index(op.f("ix_visits_changed_at"), "visits")
    op.drop_index(op.f("ix_visits_county_code_change"), "visits")
    op.drop_index(op.f("ix_visits_county_code_staff_no_started_at"), "visits")
    op.drop_column("organisations", "position")
    op.drop_constraint(op.f("ck_visits_tag"), "visits")
    op.create_check_constraint(op.f("ck_visits_tag"), "visits", _OLD_TAGS)
    for name in ("changed_at", "change", "withdrawn_at", "entered_by", "flags", "companions", "findings"):
        op.drop_column("visits", name)
    op.execute("DROP SEQUENCE visit_changes")
