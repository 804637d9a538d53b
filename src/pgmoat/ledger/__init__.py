"""What agents did and may do: their tasks, their history, freezing and thawing them."""
