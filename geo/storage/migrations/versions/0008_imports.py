"""Files that were sent, how far each has come, and the rows that were refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("titles", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
            for name in ("done", "stored", "duplicate", "conflict", "rejected")
        ),
        sa.Column("message", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('visits', 'issues')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint("status IN ('waiting', 'done', 'failed')", name=op.f("ck_imports_status")),
        sa.CheckConstraint("done = stored + duplicate + conflict + rejected", name=op.f("ck_imports_counts")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_imports_county_code")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_county_code_created_at"), "imports", ["county_code", "created_at"])
    op.create_table(
        "import_rejections",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cells", postgresql.JSONB(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "import_id"],
            ["imports.county_code", "imports.id"],
            name=op.f("fk_import_rejections_county_code_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "import_id", "row", name=op.f("pk_import_rejections")),
    )


def downgrade() -> None:
    op.drop_table("import_rejections")
    op.drop_table("imports")
