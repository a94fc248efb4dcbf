// The umbrella: one import gives a program every family, and what they have in common.
@_exported public import ImageClassifiers
