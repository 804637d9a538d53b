"""Who uses the database's time: the record that the watchdog keeps, read for people."""
