"""Published bulletins, which stay as they were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = ("bulletins", "bulletin_files")


def upgrade() -> None:
    op.create_table(
        "bulletins",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("edition > 0", name=op.f("ck_bulletins_edition")),
        sa.CheckConstraint("edition = 1 OR reason IS NOT NULL", name=op.f("ck_bulletins_reason")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_bulletins_month")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_bulletins_county_code")),
        sa.PrimaryKeyConstraint("county_code", "month", "edition", name=op.f("pk_bulletins")),
    )
    op.create_table(
        "bulletin_files",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "month", "edition"],
            ["bulletins.county_code", "bulletins.month", "bulletins.edition"],
            name=op.f("fk_bulletin_files_county_code_month_edition"),
        ),
        sa.PrimaryKeyConstraint("county_code", "month", "edition", "name", name=op.f("pk_bulletin_files")),
    )
    op.execute(
        """
        CREATE FUNCTION keep_bulletins() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'what was published is neither changed nor removed; publish another edition';
        END $$
        """
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION keep_bulletins()"
        )
        op.execute(
            f"CREATE TRIGGER not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_bulletins()"
        )


def downgrade() -> None:
    op.drop_table("bulletin_files")
    op.drop_table("bulletins")
    op.execute("DROP FUNCTION keep_bulletins()")
