"""
How legible a schema is for a language model.

In: a Survey. Out: findings and a score. I/O: none but the baseline file.
"""
