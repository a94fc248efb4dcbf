"""Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon) for many small matrices.

torch.optim.Muon treats one matrix after another. The matrices of a small transformer are too small for that to keep
two cores busy, so this one stacks those of equal shape and treats them together.
"""

import torch


def orthogonalise(stack, steps=5):
    """Brings every singular value of each matrix near 1 (Newton-Schulz iteration of order five).

    An iteration multiplies the matrix by a polynomial of its Gram matrix. The iterations therefore need no more than the
    small, square Gram matrix, and the matrix itself is multiplied once, by all of them together.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = stack.float()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    identity = torch.eye(gram.shape[1]).expand_as(gram)
    product = identity
    for _ in range(steps):
        factor = a * identity + b * gram + c * gram @ gram
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal. A convolution's kernel [out, in, height, width] counts as a matrix [out, in * height * width].

    With `weight_decay`, steps are scaled to the size of AdamW's, so learning rates mean the same
    (Liu et al. 2025, arXiv:2502.16982). With `keep_norm`, for weights that a normalisation follows and whose size
    therefore says nothing, each keeps the norm it starts with and a step is `lr` times that norm.
    """

    def __init__(self, matrices, lr, weight_decay=0.0, momentum=0.95, keep_norm=False):
        by_shape = {}
        for matrix in matrices:
            by_shape.setdefault(tuple(matrix.shape), []).append(matrix)
        groups = [{"params": same} for same in by_shape.values()]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "keep_norm": keep_norm})

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("keep_norm", False)  # checkpoints from before there was this

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            matrices = group["params"]
            gradients = torch.stack([matrix.grad.flatten(1) for matrix in matrices])
            state = self.state[matrices[0]]
            momentum = state.setdefault("momentum", torch.zeros_like(gradients))
            momentum.lerp_(gradients, 1 - group["momentum"])
            update = orthogonalise(gradients.lerp(momentum, group["momentum"]))  # Nesterov
            for matrix, change in zip(matrices, update):
                change = change.view_as(matrix)
                if group["keep_norm"]:
                    norm = matrix.norm()
                    size = min(gradients.shape[1:]) ** 0.5  # of an orthogonal matrix
                    matrix.sub_(change, alpha=group["lr"] * norm.item() / size)
                    matrix.mul_(norm / matrix.norm())
                else:
                    rate = group["lr"] * 0.2 * max(gradients.shape[1:]) ** 0.5
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).sub_(change, alpha=rate)
