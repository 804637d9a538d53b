"""Tasks, freezing and history, read and steered by people."""
