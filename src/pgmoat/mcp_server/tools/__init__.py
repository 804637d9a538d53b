"""The tools, a file for each; server.py lists them."""
