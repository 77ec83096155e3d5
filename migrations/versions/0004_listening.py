"""An agent's last request for commands, apart from its other signs of life."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("listened_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("agents", "listened_at")
