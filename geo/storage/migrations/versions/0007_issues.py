"""Issues, their events, time limits and routes."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CATEGORIES = "category IN ('livelihood', 'development', 'infrastructure', 'ecology', 'petition', 'party')"
_STATUSES = "status IN ('reported', 'assigned', 'accepted', 'resolved', 'confirmed', 'closed', 'merged')"
_KINDS = (
    "kind IN ('reported', 'merged', 'assigned', 'transferred', 'accepted', 'extended', 'replied', 'resolved',"
    " 'confirmed', 'closed', 'reopened')"
)
_STATEMENTS = (
    """
    CREATE TRIGGER issues_in_order BEFORE INSERT OR UPDATE ON issues
    FOR EACH STATEMENT EXECUTE FUNCTION order_changes()
    """,
    """
    CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'events of issues are only added to';
    END $$
    """,
    """
    CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON issue_events
    FOR EACH ROW EXECUTE FUNCTION keep_events()
    """,
)


def _organisation(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["county_code", column],
        ["organisations.county_code", "organisations.code"],
        name=op.f(f"fk_{table}_county_code_{column}"),
    )


def _county(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f(f"fk_{table}_county_code"))


def upgrade() -> None:
    op.execute("CREATE SEQUENCE issue_changes AS bigint")
    op.create_table(
        "issues",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("frame", sa.Text(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("claimed_area", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Text(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("liaison", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=True),
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
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("transfers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("in_circles", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("change", sa.BigInteger(), server_default=sa.text("nextval('issue_changes')"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(_CATEGORIES, name=op.f("ck_issues_category")),
        sa.CheckConstraint(_STATUSES, name=op.f("ck_issues_status")),
        sa.CheckConstraint("tag IN ('inside', 'near_border', 'outside', 'unlocated')", name=op.f("ck_issues_tag")),
        sa.CheckConstraint("(position IS NULL) = (tag = 'unlocated')", name=op.f("ck_issues_unlocated")),
        sa.CheckConstraint("(merged_into IS NULL) = (status <> 'merged')", name=op.f("ck_issues_merged")),
        _county("issues"),
        sa.ForeignKeyConstraint(
            ["county_code", "place_id"],
            ["places.county_code", "places.id"],
            name=op.f("fk_issues_county_code_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "visit_id"],
            ["visits.county_code", "visits.id"],
            name=op.f("fk_issues_county_code_visit_id"),
        ),
        _organisation("issues", "handler"),
        _organisation("issues", "liaison"),
        sa.ForeignKeyConstraint(
            ["county_code", "merged_into"],
            ["issues.county_code", "issues.id"],
            name=op.f("fk_issues_county_code_merged_into"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_issues")),
    )
    for columns in (
        ["county_code", "category", "status"],
        ["county_code", "area_code", "reported_at"],
        ["county_code", "reported_at", "id"],
        ["county_code", "place_id"],
        ["county_code", "change"],
    ):
        op.create_index(op.f(f"ix_issues_{'_'.join(columns)}"), "issues", columns)
    op.create_index(op.f("ix_issues_changed_at"), "issues", ["changed_at"], postgresql_using="brin")
    op.create_table(
        "issue_events",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_issue_events_kind")),
        sa.CheckConstraint("(number = 1) = (kind = 'reported')", name=op.f("ck_issue_events_begins")),
        sa.ForeignKeyConstraint(
            ["county_code", "issue_id"],
            ["issues.county_code", "issues.id"],
            name=op.f("fk_issue_events_county_code_issue_id"),
        ),
        sa.PrimaryKeyConstraint("county_code", "issue_id", "number", name=op.f("pk_issue_events")),
    )
    op.create_table(
        "issue_limits",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint(_CATEGORIES, name=op.f("ck_issue_limits_category")),
        sa.CheckConstraint("days > 0", name=op.f("ck_issue_limits_positive")),
        _county("issue_limits"),
        sa.PrimaryKeyConstraint("county_code", "category", name=op.f("pk_issue_limits")),
    )
    op.create_table(
        "issue_routes",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=True),
        sa.CheckConstraint(_CATEGORIES, name=op.f("ck_issue_routes_category")),
        _county("issue_routes"),
        _organisation("issue_routes", "handler"),
        _organisation("issue_routes", "liaison"),
        sa.PrimaryKeyConstraint("county_code", "category", "area_code", name=op.f("pk_issue_routes")),
    )
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("issue_routes", "issue_limits", "issue_events", "issues"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_events()")
    op.execute("DROP SEQUENCE issue_changes")
