// A program that classifies images has pictures and tensors in its hands: one import gives it all three.
@_exported public import Media
@_exported public import TensorCore
