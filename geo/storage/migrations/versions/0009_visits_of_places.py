"""Visits of one place by their start."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEX = "ix_visits_county_code_place_id_started_at"


def upgrade() -> None:
    op.create_index(
        op.f(_INDEX),
        "visits",
        ["county_code", "place_id", "started_at"],
        postgresql_where=sa.text("place_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f(_INDEX), table_name="visits")
