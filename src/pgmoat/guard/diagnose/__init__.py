"""Why an answer is empty, and what in an answer with rows may mislead."""
