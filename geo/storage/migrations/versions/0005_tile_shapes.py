"""Shapes of areas in Web Mercator, simplified for ranges of zooms: what vector tiles are cut from."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Versions that were staged before have no coarser shapes: those that maps draw stand in for them.
_FILL = """
    INSERT INTO tile_shapes (county_code, version, band, code, level, kind, name, parent_code, town_code, village_code,
                             grid_code, households, population, geom)
    SELECT county_code, version, band, code, level, kind, name, parent_code, town_code, village_code, grid_code,
           households, population, ST_Multi(ST_Transform(drawn, 3857))
    FROM areas, unnest(ARRAY[8, 10, 12, 14]) AS band WHERE level <> 'county'
"""


def upgrade() -> None:
    op.create_table(
        "tile_shapes",
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("band", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("grid_code", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=3857, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            name=op.f("fk_tile_shapes_county_code_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "version", "band", "code", name=op.f("pk_tile_shapes")),
    )
    op.execute(_FILL)
    op.create_index(
        "ix_tile_shapes_place",
        "tile_shapes",
        ["county_code", "version", "band", "level", "geom"],
        postgresql_using="gist",
    )


def downgrade() -> None:
    op.drop_table("tile_shapes")
