"""Reports: reading, judging, drafting."""
