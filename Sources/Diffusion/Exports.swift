// A program that samples has tensors in its hands: one import gives it both.
@_exported public import TensorCore
