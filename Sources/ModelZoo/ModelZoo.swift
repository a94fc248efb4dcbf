// The umbrella: one import gives a program every family, and what they have in common.
@_exported public import AudioEncoder
@_exported public import DualEncoder
@_exported public import ImageClassifiers
@_exported public import SentenceEncoder
@_exported public import Text
