"""What pgmoat costs and what it saves, measured side by side: see README.md."""
