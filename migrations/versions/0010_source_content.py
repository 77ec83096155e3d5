"""What a source delivers beside files as they lie in Git."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("environments", sa.Column("content", sa.String(length=60), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("environments", "content")
