// A program that draws pictures has latents and pictures in its hands: one import gives it tensors, too.
@_exported public import TensorCore
