// A program that embeds sentences has tensors and tokenizers in its hands: one import gives it both.
@_exported public import TensorCore
@_exported public import Text
