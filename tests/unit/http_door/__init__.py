"""The parts of the dashboard that think."""
