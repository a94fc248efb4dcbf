// Models are given tensors and computed on a runtime: one import gives their names, too.
@_exported public import TensorCore
