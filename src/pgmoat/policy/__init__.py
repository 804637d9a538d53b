"""What people want, as they wrote it: ``moat.yaml``."""
