"""The dashboard: who uses the database, what agents did, and the buttons that stop them, in a browser."""
