@_exported public import ImageClassifiers
@_exported public import Media
@_exported public import TensorCore
