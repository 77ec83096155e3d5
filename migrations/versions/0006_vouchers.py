"""Servers over one database vouch for the keys that sign each other's checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkpoints", sa.Column("voucher", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("checkpoints", "voucher")
