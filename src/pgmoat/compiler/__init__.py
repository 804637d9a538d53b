"""Policy and catalog into what PostgreSQL should hold. No I/O."""
