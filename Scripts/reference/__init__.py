"""The reference side shared by the scripts: PyTorch models with seeded weights, and the folders written from them."""
