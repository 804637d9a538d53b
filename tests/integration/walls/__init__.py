"""What an agent may not do, tried with its own role; what counts is the state of the database afterwards."""
