"""Views for people on call, and the counting of refusals."""
