"""Plan, apply and destroy against PostgreSQL."""
