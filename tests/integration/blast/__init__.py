<<<<<<< HEAD
"""The blast radius of a role."""
=======
"""What a role can do at worst, on real servers."""
>>>>>>> blast
