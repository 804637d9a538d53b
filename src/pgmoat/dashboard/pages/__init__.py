"""The pages, a file each: what they read. The template of the same name shows it."""
