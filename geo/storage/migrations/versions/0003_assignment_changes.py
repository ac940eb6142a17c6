"""Every change of an assignment, numbered without a gap in the order in which the changes were committed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The row of the counter stays locked until its transaction ends, so the next number is taken after this one is seen or
# taken back: whoever has read up to a number has missed nothing. The time is taken under the same lock.
_FUNCTION = """
    CREATE FUNCTION note_assignment_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      one assignments := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
      number bigint;
    BEGIN
      INSERT INTO assignment_counters AS c (county_code, last) VALUES (one.county_code, 1)
      ON CONFLICT (county_code) DO UPDATE SET last = c.last + 1 RETURNING last INTO number;
      INSERT INTO assignment_changes (county_code, number, at, actor, action, assignment_id, staff_no, area_code, role,
                                      from_day, to_day)
      VALUES (one.county_code, number, clock_timestamp(), coalesce(nullif(current_setting('wangge.actor', true), ''),
              'system'), CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
              one.id, one.staff_no, one.area_code, one.role, one.from_day, one.to_day);
      RETURN NULL;
    END $$
"""
_TRIGGERS = (
    """
    CREATE TRIGGER note_added AFTER INSERT OR DELETE ON assignments
    FOR EACH ROW EXECUTE FUNCTION note_assignment_change()
    """,
    # A sheet that is sent again changes nothing.
    """
    CREATE TRIGGER note_changed AFTER UPDATE ON assignments
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_assignment_change()
    """,
)
_FILL = (
    """
    INSERT INTO assignment_changes (county_code, number, at, actor, action, assignment_id, staff_no, area_code, role,
                                    from_day, to_day)
    SELECT county_code, row_number() OVER (PARTITION BY county_code ORDER BY id), now(), 'system', 'added',
           id, staff_no, area_code, role, from_day, to_day
    FROM assignments
    """,
    "INSERT INTO assignment_counters SELECT county_code, count(*) FROM assignments GROUP BY county_code",
)


def upgrade() -> None:
    op.create_table(
        "assignment_counters",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_assignment_counters_county_code")),
        sa.PrimaryKeyConstraint("county_code", name=op.f("pk_assignment_counters")),
    )
    op.create_table(
        "assignment_changes",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.CheckConstraint("action IN ('added', 'changed', 'removed')", name=op.f("ck_assignment_changes_action")),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_assignment_changes_county_code")),
        sa.PrimaryKeyConstraint("county_code", "number", name=op.f("pk_assignment_changes")),
    )
    op.create_index(op.f("ix_assignment_changes_county_code_at"), "assignment_changes", ["county_code", "at"])
    op.create_index(op.f("ix_assignments_county_code_staff_no"), "assignments", ["county_code", "staff_no"])
    for statement in (*_FILL, _FUNCTION, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER note_changed ON assignments")
    op.execute("DROP TRIGGER note_added ON assignments")
    op.execute("DROP FUNCTION note_assignment_change()")
    op.drop_index(op.f("ix_assignments_county_code_staff_no"), "assignments")
    op.drop_table("assignment_changes")
    op.drop_table("assignment_counters")
