"""What the parts of a policy must have in common: a file per part of the policy."""
