"""Comparing one environment before and after a switch: its syncs by the time at which they ended."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_operations_finished_there", "operations", ["environment_id", "kind", "finished_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_operations_finished_there", table_name="operations")
