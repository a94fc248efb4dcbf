/// The schedulers, by the names of their classes in diffusers.
public enum SchedulerKind: String, Sendable, CaseIterable {
    /// Ancestral sampling of the training process.
    case ddpm = "DDPMScheduler"
    /// Its deterministic sibling.
    case ddim = "DDIMScheduler"
    /// Pseudo linear multistep, with or without Runge-Kutta steps before.
    case pndm = "PNDMScheduler"
    /// Linear multistep over noise levels.
    case lms = "LMSDiscreteScheduler"
    /// Euler's method over noise levels.
    case euler = "EulerDiscreteScheduler"
    /// Euler's method with fresh noise.
    case eulerAncestral = "EulerAncestralDiscreteScheduler"
    /// Heun's method over noise levels.
    case heun = "HeunDiscreteScheduler"
    /// DPM-Solver and DPM-Solver++, also with fresh noise.
    case dpmSolver = "DPMSolverMultistepScheduler"
    /// Predictor and corrector of any order.
    case uniPC = "UniPCMultistepScheduler"
    /// Latent consistency models.
    case lcm = "LCMScheduler"
    /// Euler's method along a flow.
    case flowMatchEuler = "FlowMatchEulerDiscreteScheduler"

    /// The name that people give it.
    public var shortName: String {
        switch self {
        case .ddpm: "ddpm"
        case .ddim: "ddim"
        case .pndm: "pndm"
        case .lms: "lms"
        case .euler: "euler"
        case .eulerAncestral: "euler-ancestral"
        case .heun: "heun"
        case .dpmSolver: "dpm-solver"
        case .uniPC: "unipc"
        case .lcm: "lcm"
        case .flowMatchEuler: "flow-match-euler"
        }
    }

    /// The scheduler of a name.
    ///
    /// - Parameter name: the class's or the short one.
    /// - Throws: ``SchedulerError/unknown(_:)``, which lists the known ones.
    public init(named name: String) throws(SchedulerError) {
        let bytes = Array(name.utf8)
        guard
            let kind = Self.allCases.first(where: {
                Array($0.rawValue.utf8) == bytes || Array($0.shortName.utf8) == bytes
            })
        else { throw .unknown(name) }
        self = kind
    }
}
