"""Lineage of areas, what was carried over, and what the checks of a version found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Versions of before were activated in the order of their numbers.
_CHAIN = """
    UPDATE boundary_versions v SET activated_at = loaded_at, replaced = (
      SELECT max(o.version) FROM boundary_versions o
      WHERE o.county_code = v.county_code AND o.version < v.version AND o.status <> 'staged')
    WHERE v.status <> 'staged'
"""


def upgrade() -> None:
    for column in (
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("replaced", sa.Integer(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("largest_overlap_m2", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("overlaps_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", postgresql.JSONB(), nullable=True),
    ):
        op.add_column("boundary_versions", column)
    op.execute(_CHAIN)
    op.create_table(
        "lineage",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("old_code", sa.Text(), nullable=True),
        sa.Column("new_code", sa.Text(), nullable=True),
        sa.Column("old_name", sa.Text(), nullable=True),
        sa.Column("new_name", sa.Text(), nullable=True),
        sa.Column("share_of_old", sa.Double(), nullable=False),
        sa.Column("share_of_new", sa.Double(), nullable=False),
        sa.Column("iou", sa.Double(), nullable=False),
        sa.CheckConstraint("level IN ('county', 'town', 'village', 'grid')", name=op.f("ck_lineage_level")),
        sa.CheckConstraint("num_nulls(old_code, new_code) < 2", name=op.f("ck_lineage_codes")),
        sa.CheckConstraint(
            "relation IN ('same', 'renamed', 'renumbered', 'moved', 'merged', 'split', 'new', 'gone')",
            name=op.f("ck_lineage_relation"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            name=op.f("fk_lineage_county_code_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "version", "ordinal", name=op.f("pk_lineage")),
    )
    op.create_table(
        "carryovers",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("old_code", sa.Text(), nullable=False),
        sa.Column("new_code", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("old_id", sa.Integer(), nullable=True),
        sa.Column("new_id", sa.Integer(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('assignment', 'setting', 'organisation')", name=op.f("ck_carryovers_kind")),
        sa.CheckConstraint("outcome IN ('carried', 'decide')", name=op.f("ck_carryovers_outcome")),
        sa.CheckConstraint(
            "reason IN ('renumbered', 'merged', 'split', 'conflict', 'gone')", name=op.f("ck_carryovers_reason")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            name=op.f("fk_carryovers_county_code_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "version", "ordinal", name=op.f("pk_carryovers")),
    )


def downgrade() -> None:
    op.drop_table("carryovers")
    op.drop_table("lineage")
    for column in (
        "report",
        "overlaps_accepted_at",
        "largest_overlap_m2",
        "activated_at",
        "replaced",
        "based_on",
    ):
        op.drop_column("boundary_versions", column)
