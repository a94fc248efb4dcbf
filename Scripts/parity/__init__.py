"""Full-size reference checkpoints, and the comparison of the built command with them."""
