// The umbrella: one import gives a program every family, and what they have in common.
@_exported public import AudioEncoder
@_exported public import Diffusion
@_exported public import DualEncoder
@_exported public import GAN
@_exported public import ImageClassifiers
@_exported public import LatentDiffusion
@_exported public import SentenceEncoder
@_exported public import Text
