/// How a trained denoiser is used: which noise levels are visited, and how its predictions lead from one to the next.
///
/// A sampling run: `sample` starts as `initialNoiseScale` times standard normal noise; for each index of `timesteps` a
/// copy of the sample goes through ``scaleInput(_:at:)`` and, with that timestep, through the network, whose prediction
/// goes to ``step(prediction:at:sample:noise:)``. The indices are visited in order, from 0 or from
/// ``firstIndex(strength:)``. A value holds the state of one run; a copy of a fresh one starts another.
///
/// Each scheduler equals its class of diffusers 0.42.1 after every step to 1e-5 of the sample's scale (at least 1e-5),
/// with the arithmetic in single precision and in the reference's order, begun at an explicit index
/// (`set_begin_index`), as pipelines do.
public protocol Scheduler: Sendable {
    /// The steps that were asked for.
    var steps: Int { get }

    /// The timestep of each call of the network, in order; there are more of them than ``steps`` where a scheduler
    /// looks more than once.
    var timesteps: [Float] { get }

    /// Entries of ``timesteps`` that one step takes: 2 for Heun's method, else 1.
    var callsPerStep: Int { get }

    /// The standard deviation of the noise that sampling starts from.
    var initialNoiseScale: Float { get }

    /// Makes of a sample what the network is to see.
    ///
    /// - Parameters:
    ///   - sample: any number of values.
    ///   - index: a place in ``timesteps``.
    func scaleInput(_ sample: inout [Float], at index: Int)

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - prediction: what the network gave for the scaled sample, as many values as `sample`.
    ///   - index: a place in ``timesteps``; one more than at the last call.
    ///   - sample: the sample, which becomes the next one.
    ///   - noise: gives as many standard normal values as `sample` has; called once where the reference draws
    ///     noise, else not at all.
    /// - Returns: the scheduler's present estimate of the finished sample.
    /// - Throws: what `noise` throws.
    mutating func step<Failure: Error>(
        prediction: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float]

    /// A finished sample with the noise of an index, from which sampling can start in the middle.
    ///
    /// - Parameters:
    ///   - original: the finished sample.
    ///   - noise: as many standard normal values.
    ///   - index: a place in ``timesteps``.
    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float]
}

extension Scheduler {
    /// As most schedulers do.
    public var callsPerStep: Int { 1 }

    /// Most schedulers show the network the sample as it is.
    public func scaleInput(_ sample: inout [Float], at index: Int) {}

    /// Where sampling starts that changes a finished sample, as the reference's image-to-image pipelines do it.
    ///
    /// - Parameter strength: 0 to leave it as it is, to 1 to begin with noise.
    /// - Returns: a place in ``timesteps``, or its end where nothing is to be done.
    public func firstIndex(strength: Double) -> Int {
        let wanted = min(max(0, Double(steps) * strength), Double(steps))
        return min((steps - Int(wanted)) * callsPerStep, timesteps.count)
    }
}
