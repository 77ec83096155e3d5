"""What an end, a comparison or a commit means and how it is written down; operations and agents use it alike."""
