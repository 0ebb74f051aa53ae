"""Matrix products."""

import torch


def MatMul(a, b):
    return a @ b


def Gemm(a, b, c=None, *, alpha=1.0, beta=1.0, transA=0, transB=0):
    a, b = (a.mT if transA else a), (b.mT if transB else b)
    if c is None:
        return alpha * (a @ b)
    return torch.addmm(c, a, b, alpha=alpha, beta=beta)


def Einsum(*operands, equation):
    return torch.einsum(equation, *operands)
