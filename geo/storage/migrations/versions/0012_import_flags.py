"""Rows of imports that look odd."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_flags",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "import_id"],
            ["imports.county_code", "imports.id"],
            name=op.f("fk_import_flags_county_code_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "import_id", "row", name=op.f("pk_import_flags")),
    )


def downgrade() -> None:
    op.drop_table("import_flags")
