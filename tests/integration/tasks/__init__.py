"""Tasks: trees of them, claimed ones, who may open and stop them."""
