"""From a policy and a catalog to what is wanted."""
