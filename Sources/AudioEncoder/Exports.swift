// A program that feeds sound to a model has readers and tensors in its hands: one import gives it all three.
@_exported public import Audio
@_exported public import TensorCore
