"""Approvals: what needs a person's word waits for it, and runs once, as it was shown, or not at all."""
