"""What runs under agents: tasks, steps, statements, pools."""
