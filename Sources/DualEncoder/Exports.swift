// Models are given images and tensors and computed on a runtime: one import gives their names, too.
@_exported public import Media
@_exported public import TensorCore
