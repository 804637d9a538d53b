"""``pgmoat top``: who takes the database's time now, and the keys to stop it."""
