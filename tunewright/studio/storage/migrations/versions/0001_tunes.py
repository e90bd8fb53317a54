"""Tunes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "tunes",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("notebook", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("abc", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(16), nullable=False),
        sa.Column("model", sa.String(300), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("parent", sa.String(16), sa.ForeignKey("tunes.id", ondelete="SET NULL"), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
    )
    op.create_index("tunes_of_a_notebook", "tunes", ["notebook", "created"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("tunes")
