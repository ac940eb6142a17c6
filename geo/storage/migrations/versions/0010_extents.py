"""Whose problem an issue is, as somebody judged it, beside what was proposed then."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BEFORE = (
    "reported",
    "merged",
    "assigned",
    "transferred",
    "accepted",
    "extended",
    "replied",
    "resolved",
    "confirmed",
    "closed",
    "reopened",
)
_JUDGED = "(kind = 'judged') = (extent IS NOT NULL)"
_EXTENTS = "('individual', 'common', 'regional')"


def upgrade() -> None:
    op.add_column("issues", sa.Column("extent", sa.Text(), nullable=True))
    op.add_column("issue_events", sa.Column("extent", sa.Text(), nullable=True))
    op.add_column("issue_events", sa.Column("proposal", postgresql.JSONB(), nullable=True))
    _kinds((*_BEFORE, "judged"))
    op.create_check_constraint(op.f("ck_issues_extent"), "issues", f"extent IN {_EXTENTS}")
    op.create_check_constraint(op.f("ck_issue_events_extent"), "issue_events", f"extent IN {_EXTENTS}")
    op.create_check_constraint(
        op.f("ck_issue_events_judged"), "issue_events", "(kind = 'judged') = (extent IS NOT NULL)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE issue_events DISABLE TRIGGER USER")
    op.execute("DELETE FROM issue_events WHERE kind = 'judged'")
    op.execute("ALTER TABLE issue_events ENABLE TRIGGER USER")
    for name in ("judged", "extent"):
        op.drop_constraint(op.f(f"ck_issue_events_{name}"), "issue_events")
    op.drop_constraint(op.f("ck_issues_extent"), "issues")
    _kinds(_BEFORE)
    op.drop_column("issue_events", "proposal")
    op.drop_column("issue_events", "extent")
    op.drop_column("issues", "extent")


def _kinds(kinds: Sequence[str]) -> None:
    op.drop_constraint(op.f("ck_issue_events_kind"), "issue_events")
    listed = ", ".join(repr(kind) for kind in kinds)
    op.create_check_constraint(op.f("ck_issue_events_kind"), "issue_events", f"kind IN ({listed})")
