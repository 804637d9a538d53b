"""The watchdog: looks at what agents' sessions do, and ends what no setting of a role can end."""
