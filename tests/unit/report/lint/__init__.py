"""Rules of the lint, scores, baselines, and what agents see through a policy."""
