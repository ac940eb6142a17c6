"""Accounts with a role and a scope, their tokens and sessions, failed sign-ins, and a log of who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('assignment', 'setting', 'organisation'{})"

# Processes that keep who is responsible in memory are told in the moment of the commit. When a token was last used is
# written all the time and says nothing new.
_CHANNEL = "wangge_changes"
_FUNCTION = f"""
    CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('{_CHANNEL}', TG_TABLE_NAME);
      RETURN NULL;
    END $$
"""
_TOLD = {
    "assignments": "INSERT OR UPDATE OR DELETE",
    "cadres": "INSERT OR UPDATE OR DELETE",
    "organisations": "INSERT OR UPDATE OR DELETE",
    "boundary_versions": "INSERT OR UPDATE OR DELETE",
    "counties": "INSERT OR UPDATE OR DELETE",
    "accounts": "UPDATE OF role, county_code, scope_level, scope_code, staff_no, active OR DELETE",
    "tokens": "UPDATE OF revoked_at, expires_at OR DELETE",
}


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=True),
        sa.Column("scope_level", sa.Text(), nullable=True),
        sa.Column("scope_code", sa.Text(), nullable=True),
        sa.Column("staff_no", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('viewer', 'cadre', 'supervisor', 'planner', 'admin', 'service')", name=op.f("ck_accounts_role")
        ),
        sa.CheckConstraint(
            "(county_code IS NULL) = (scope_level IS NULL) AND (county_code IS NULL) = (scope_code IS NULL)",
            name=op.f("ck_accounts_scope"),
        ),
        sa.CheckConstraint(
            "scope_level IN ('county', 'town', 'village', 'grid')", name=op.f("ck_accounts_scope_level")
        ),
        sa.ForeignKeyConstraint(["county_code"], ["counties.code"], name=op.f("fk_accounts_county_code")),
        sa.ForeignKeyConstraint(
            ["county_code", "staff_no"],
            ["cadres.county_code", "cadres.staff_no"],
            name=op.f("fk_accounts_county_code_staff_no"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index("uq_accounts_name", "accounts", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_index(op.f("ix_tokens_account_id"), "tokens", ["account_id"])
    op.create_table(
        "sign_ins",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_account_id"), "sign_ins", ["account_id"])
    op.create_table(
        "failed_sign_ins",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_failed_sign_ins")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    _kinds(", 'account'")
    op.execute(_FUNCTION)
    for table, events in _TOLD.items():
        op.execute(
            f"CREATE TRIGGER tell_change AFTER {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tell_change()"
        )


def downgrade() -> None:
    for table in _TOLD:
        op.execute(f"DROP TRIGGER tell_change ON {table}")
    op.execute("DROP FUNCTION tell_change()")
    op.execute("DELETE FROM carryovers WHERE kind = 'account'")
    _kinds("")
    for table in ("audit", "failed_sign_ins", "sign_ins", "tokens", "accounts"):
        op.drop_table(table)


def _kinds(more: str) -> None:
    op.drop_constraint(op.f("ck_carryovers_kind"), "carryovers", type_="check")
    op.create_check_constraint(op.f("ck_carryovers_kind"), "carryovers", _KINDS.format(more))
