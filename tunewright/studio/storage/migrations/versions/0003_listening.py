"""Listening tests, those who take them, and their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "listening_tests",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("share", sa.String(16), nullable=False, unique=True),
        sa.Column("notebook", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
    )
    op.create_index("listening_tests_of_a_notebook", "listening_tests", ["notebook", "created"])
    test = ("listening_tests.id",)
    op.create_table(
        "listening_sounds",
        sa.Column("test", sa.String(16), sa.ForeignKey(*test, ondelete="CASCADE"), primary_key=True),
        sa.Column("stimulus", sa.String(16), primary_key=True),
        sa.Column("wav", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "listening_raters",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("test", sa.String(16), sa.ForeignKey(*test, ondelete="CASCADE"), nullable=False),
        sa.Column("rater", sa.String(16), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
    )
    op.create_index("listening_raters_once", "listening_raters", ["test", "rater"], unique=True)
    op.create_table(
        "listening_answers",
        sa.Column("rater", sa.String(16), sa.ForeignKey("listening_raters.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("item", sa.String(16), primary_key=True),
        sa.Column("answer", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    """Take it back."""
    for table in ("listening_answers", "listening_raters", "listening_sounds", "listening_tests"):
        op.drop_table(table)
