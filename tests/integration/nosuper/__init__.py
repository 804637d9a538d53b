"""Everything as a CREATEROLE role that owns the database and is a member of the tables' owners."""
