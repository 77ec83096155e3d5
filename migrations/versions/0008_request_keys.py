"""Requests that are sent with an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request_keys",
        sa.Column("holder", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("claim", sa.String(length=26), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "key"),
    )
    op.create_index("ix_request_keys_claim", "request_keys", ["claim"], unique=True)
    op.create_index("ix_request_keys_seen_at", "request_keys", ["seen_at"])


def downgrade() -> None:
    op.drop_table("request_keys")
