"""Collections, trainings, and pages about them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "collections",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("notebook", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=False),
    )
    op.create_index("collections_of_a_notebook", "collections", ["notebook", "created"])
    op.create_table(
        "trainings",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("notebook", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("collection", sa.String(16), sa.ForeignKey("collections.id", ondelete="SET NULL"), nullable=True),
        sa.Column("collection_name", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("preset", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
    )
    op.create_index("trainings_of_a_notebook", "trainings", ["notebook", "created"])
    op.create_index("trainings_by_state", "trainings", ["state", "queued"])
    op.create_table(
        "reports",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("notebook", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("trainings", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
    )
    op.create_index("reports_of_a_notebook", "reports", ["notebook", "created"])


def downgrade() -> None:
    """Undo it."""
    op.drop_table("reports")
    op.drop_table("trainings")
    op.drop_table("collections")
