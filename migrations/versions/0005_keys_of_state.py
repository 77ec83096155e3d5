"""State under its own key: polls by repository and credential, webhooks' secrets by hook."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook_secrets",
        sa.Column("hook", sa.String(length=100), nullable=False),
        sa.Column("environment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hook"),
    )
    op.execute(
        "INSERT INTO hook_secrets (hook, environment_id, created_at, created_by, secret)"
        " SELECT c.name, e.id, c.created_at, c.created_by, c.secret"
        " FROM credentials c LEFT JOIN environments e ON e.name = c.name"
        " WHERE c.kind = 'webhook-secret' AND (e.id IS NOT NULL OR c.name LIKE 'repo-%')"
    )
    op.execute("DELETE FROM credentials WHERE kind = 'webhook-secret'")
    op.add_column("deliveries", sa.Column("done", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("polls", sa.Column("credential", sa.String(length=100), nullable=False, server_default=""))
    op.rename_table("repositories", "repositories_before")
    op.create_table(
        "repositories",
        sa.Column("repo_url", sa.Text(), nullable=False),
        sa.Column("credential", sa.String(length=100), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repo_url", "credential", name="pk_repositories_by_credential"),
    )
    # What one credential saw is not another's: with a credential, everything is looked at anew.
    op.execute(
        "INSERT INTO repositories (repo_url, credential, heads, looked_at, failing_since, error)"
        " SELECT DISTINCT r.repo_url, COALESCE(e.credential, ''),"
        " CASE WHEN e.credential IS NULL THEN r.heads ELSE '{}' END, r.looked_at, r.failing_since, r.error"
        " FROM repositories_before r JOIN environments e ON e.repo_url = r.repo_url"
    )
    op.drop_table("repositories_before")


def downgrade() -> None:
    op.execute(
        "INSERT INTO credentials (name, kind, created_at, created_by, public, secret)"
        " SELECT h.hook, 'webhook-secret', h.created_at, h.created_by, '{}', h.secret FROM hook_secrets h"
        " WHERE NOT EXISTS (SELECT 1 FROM credentials c WHERE c.name = h.hook)"
    )
    op.drop_table("hook_secrets")
    op.drop_column("deliveries", "done")
    op.drop_column("polls", "credential")
    op.drop_table("repositories")
    op.create_table(
        "repositories",
        sa.Column("repo_url", sa.Text(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repo_url"),
    )
