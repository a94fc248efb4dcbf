public import TensorCore

/// How pictures are sampled by a ``DiffusionModel``.
public struct SamplingRequest: Sendable {
    /// What sampling starts from.
    public enum Start: Sendable {
        /// Noise that is drawn, of the model's own size of pictures or of another one.
        case noise(height: Int?, width: Int?)
        /// Standard normal noise that is given, `[pictures, channels, H, W]`.
        case latents(Tensor)
        /// Pictures that are changed, `[pictures, channels, H, W]` of values from -1 to 1: with a strength of 1 they
        /// start as noise, with one of 0 they stay as they are.
        case pictures(Tensor, strength: Double)
    }

    /// The scheduler; `nil` takes the folder's.
    public var scheduler: SchedulerKind?
    /// Steps, 1 to the timesteps that the network was trained for; fewer for some schedulers.
    public var steps: Int
    /// The part of ancestral noise in DDIM, 0 to 1.
    public var eta: Float = 0
    /// The classes, one for each picture, where the network takes classes.
    public var classes: ClassLabels?
    /// How far predictions are carried from those without a class towards those with it, and beyond: the w of u + w (c
    /// - u), Ho and Salimans 2022 (arXiv:2207.12598) in the reference's form. 0 or more; 1 is no guidance.
    public var guidance: Float = 1
    /// What sampling starts from.
    public var start = Start.noise(height: nil, width: nil)

    /// A request for so many steps of the folder's scheduler, from noise, without guidance.
    ///
    /// - Parameter steps: how many.
    public init(steps: Int) { self.steps = steps }
}

/// What became of a call of the network in a sampling run.
public struct SamplingProgress: Sendable {
    /// The call's number, from 0.
    public let index: Int
    /// Calls in all.
    public let total: Int
    /// The timestep that the network was told.
    public let timestep: Float
    /// The pictures as they are now, `[pictures, channels, H, W]`.
    public let sample: Tensor
    /// The scheduler's estimate of the finished pictures, of the same shape.
    public let estimate: Tensor

    /// What became of a call.
    ///
    /// - Parameters:
    ///   - index: the call's number, from 0.
    ///   - total: calls in all.
    ///   - timestep: that the network was told.
    ///   - sample: the pictures as they are now.
    ///   - estimate: of the finished pictures.
    package init(index: Int, total: Int, timestep: Float, sample: Tensor, estimate: Tensor) {
        (self.index, self.total, self.timestep) = (index, total, timestep)
        (self.sample, self.estimate) = (sample, estimate)
    }
}
