public import Checkpoints
import Diffusion
public import JSON
import Layers
public import TensorCore

/// The autoencoder of a latent diffusion model as loaded from its own folder: diffusers' `AutoencoderKL` or `VQModel`.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class Autoencoder: Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// What it is made of: channels, sizes, factors.
    public let configuration: AutoencoderConfiguration
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the packed weights take.
    public let weightBytes: Int
    /// Where it computes.
    public let runtime: Runtime

    private let encoder: PictureEncoder
    private let decoder: PictureDecoder
    private let codebook: Codebook?

    /// Longest side of pictures, and the most of a batch.
    private static let limits = (side: 16_384, batch: 4096)

    /// Loads an autoencoder's folder.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json` and the weights, such as `vae` of a pipeline.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``planDecoding(height:width:tiling:)``.
    /// - Throws: ``LatentDiffusionError``.
    public convenience init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        try self.init(
            folder: folder, config: ComponentFolder.config(folder),
            source: ComponentFolder.checkpoint(folder, weights), runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds an autoencoder from a configuration and any source of tensors.
    ///
    /// - Parameters:
    ///   - folder: for messages.
    ///   - config: the autoencoder's.
    ///   - source: the tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        self.folder = folder
        self.runtime = runtime
        do throws(ConfigError) { configuration = try AutoencoderConfiguration(config) } catch { throw .config(error) }
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        do throws(WeightError) {
            encoder = try PictureEncoder(configuration, Weights(loader))
            decoder = try PictureDecoder(configuration, Weights(loader))
            codebook =
                if case .quantized(let codes) = configuration.kind {
                    try Codebook(codes, configuration.latentChannels, Weights(loader)("quantize.embedding"))
                } else {
                    nil
                }
            try loader.finish()
        } catch { throw .weights(error) }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
    }

    /// Pictures of latent pictures as the network has them that samples them: divided by the scaling factor, then
    /// decoded.
    func decode(scaled latents: Tensor, tiling: LatentTiling?) throws(LatentDiffusionError) -> Tensor {
        guard latents.dtype == .float32 else {
            throw .input(expected: "latents in fp32", found: latents.dtype.rawValue)
        }
        let factor = configuration.scalingFactor
        return try decode(Tensor(latents.floats.map { $0 / factor }, shape: latents.shape), tiling: tiling)
    }

    /// Parts that take as much memory as a picture of the size that the autoencoder was trained with, or a little more
    /// where that is small.
    public var standardTiling: LatentTiling {
        LatentTiling(size: max(8, (latentSide - 2 * decoder.margin) / 2 * 2))
    }

    /// Side of the latent pictures that the autoencoder was trained with.
    private var latentSide: Int { max(1, configuration.sampleSize.height / configuration.factor) }

    /// What latent pictures of pictures may be, as diffusers' `AutoencoderKL.encode`.
    ///
    /// - Parameter pictures: `[B, channels, H, W]`, sides multiples of ``AutoencoderConfiguration/factor``, values from
    ///   -1 to 1.
    /// - Returns: of latent pictures `[B, latent channels, H / factor, W / factor]`, not scaled.
    /// - Throws: ``LatentDiffusionError``: its cases `input`, also for a `VQModel`, which draws nothing, and
    ///   `notFinite`.
    public func encode(_ pictures: Tensor) throws(LatentDiffusionError) -> LatentPosterior {
        let (factor, c) = (configuration.factor, configuration)
        guard c.kind == .variational else {
            throw .input(expected: "an AutoencoderKL to encode pictures with", found: "a VQModel")
        }
        try check(pictures, channels: c.inputChannels, multiple: factor, most: Self.limits.side)
        let (height, width) = (pictures.shape[2] / factor, pictures.shape[3] / factor)
        let moments = try each(pictures, Shape(pictures.shape[0], 2 * c.latentChannels, height, width), profile: false)
        {
            (picture, probe, ws, values) in
            ws.channelsFirst(encoder(ws.channelsLast(picture), probe: probe, ws)).withFloats { part in
                _ = values.update(fromContentsOf: part)
            }
        }
        return LatentPosterior(moments: moments.result)
    }

    /// Pictures of latent pictures, as diffusers' `AutoencoderKL.decode` and `VQModel.decode`, one by one.
    ///
    /// A `VQModel` takes the nearest code in the place of each latent pixel first.
    ///
    /// - Parameters:
    ///   - z: `[B, latent channels, H, W]`, already divided by ``AutoencoderConfiguration/scalingFactor``.
    ///   - tiling: how larger ones are cut; `nil` decodes them as a whole.
    /// - Returns: `[B, channels, H * factor, W * factor]`, of values from about -1 to 1.
    /// - Throws: ``LatentDiffusionError``: its cases `input` and `notFinite`.
    public func decode(_ z: Tensor, tiling: LatentTiling? = nil) throws(LatentDiffusionError) -> Tensor {
        try decoded(z, tiling, profile: false).result
    }

    /// Decodes as ``decode(_:tiling:)`` does, and measures every operation.
    ///
    /// - Parameters:
    ///   - z: `[B, latent channels, H, W]`.
    ///   - tiling: how larger ones are cut; `nil` decodes them as a whole.
    /// - Returns: what it cost; `allocations` is 0 where decodes of the same shapes have run before.
    /// - Throws: ``LatentDiffusionError``.
    public func profile(
        _ z: Tensor, tiling: LatentTiling? = nil
    ) throws(LatentDiffusionError) -> Workspace.Account { try decoded(z, tiling, profile: true).account }

    private func decoded(
        _ z: Tensor, _ tiling: LatentTiling?, profile: Bool
    ) throws(LatentDiffusionError) -> (result: Tensor, account: Workspace.Account) {
        let (factor, c) = (configuration.factor, configuration)
        try check(z, channels: c.latentChannels, multiple: 1, most: Self.limits.side / factor)
        let (height, width) = (z.shape[2], z.shape[3])
        let shape = Shape(z.shape[0], c.outputChannels, height * factor, width * factor)
        return try each(z, shape, profile: profile) {
            (picture, probe, ws, values) in
            if let tiling {
                decode(picture, tiling, probe, ws, into: values)
            } else {
                ws.channelsFirst(decode(ws.channelsLast(picture), probe, ws)).withFloats { part in
                    _ = values.update(fromContentsOf: part)
                }
            }
        }
    }

    private func decode(_ z: Tensor, _ probe: LayerProbe?, _ ws: Workspace) -> Tensor {
        let pass = UNetPass(ws: ws, probe: probe)
        return decoder.picture(decoder.features(codebook?(z, ws) ?? z, pass), pass)
    }

    /// Decodes one picture in parts.
    private func decode(
        _ z: Tensor, _ tiling: LatentTiling, _ probe: LayerProbe?, _ ws: Workspace,
        into picture: UnsafeMutableBufferPointer<Float>
    ) {
        let (factor, height, width) = (configuration.factor, z.shape[2], z.shape[3])
        parts(ws.channelsLast(z), tiling, probe, ws) { part, rows, columns in
            let size = (height: part.shape[1], width: part.shape[2])
            let first = (rows.kept.lowerBound - rows.seen.lowerBound, columns.kept.lowerBound - columns.seen.lowerBound)
            ws.channelsFirst(part).withFloats { values in
                for channel in 0..<configuration.outputChannels {
                    for row in 0..<rows.kept.count * factor {
                        let from = (channel * size.height + first.0 * factor + row) * size.width + first.1 * factor
                        let to =
                            (channel * height * factor + rows.kept.lowerBound * factor + row) * width * factor
                            + columns.kept.lowerBound * factor
                        for column in 0..<columns.kept.count * factor { picture[to + column] = values[from + column] }
                    }
                }
            }
        }
    }

    /// The decoded parts of one picture, row by row.
    ///
    /// What works on all of a small picture is computed for the whole: quantization, attention. What follows are
    /// convolutions, which look about themselves as far as the parts' margins, and norms, which all parts must do with
    /// the same statistics: those that norms meet in pieces of the size that the autoencoder was trained with, which
    /// are themselves normalised as the whole's features at a lower resolution would be. So the size of the parts does
    /// not show in the picture; and pictures up to the trained size are those of a whole decode.
    private func parts(
        _ z: Tensor, _ tiling: LatentTiling, _ probe: LayerProbe?, _ ws: Workspace,
        _ body: (Tensor, LatentTiling.Part, LatentTiling.Part) -> Void
    ) {
        let features = decoder.features(codebook?(z, ws) ?? z, UNetPass(ws: ws, probe: probe))
        let (height, width) = (features.shape[1], features.shape[2])
        let moments = NormMoments()
        let pass = UNetPass(ws: ws, probe: probe, moments: moments)
        let step = (max(height, width) + latentSide - 1) / latentSide
        _ = decoder.picture(
            Self.part(
                of: features, Array(stride(from: 0, to: height, by: step)),
                Array(stride(from: 0, to: width, by: step)), ws), pass)
        if step > 1 {
            let pieces = LatentTiling(size: (latentSide + 1) / 2 * 2)
            for rows in pieces.parts(height, margin: 0) {
                for columns in pieces.parts(width, margin: 0) {
                    moments.refine()
                    _ = decoder.picture(Self.part(of: features, Array(rows.seen), Array(columns.seen), ws), pass)
                }
            }
            moments.endRefining()
        }
        for rows in tiling.parts(height, margin: decoder.margin) {
            for columns in tiling.parts(width, margin: decoder.margin) {
                moments.replay()
                let part = decoder.picture(Self.part(of: features, Array(rows.seen), Array(columns.seen), ws), pass)
                body(part, rows, columns)
            }
        }
    }

    /// Some pixels of one picture, `[1, rows, columns, C]`.
    private static func part(of x: Tensor, _ rows: [Int], _ columns: [Int], _ ws: Workspace) -> Tensor {
        let (width, channels) = (x.shape[2], x.shape[3])
        let pixels = RowIndices(rows.flatMap { row in columns.map { row * width + $0 } })
        return ws.rows(pixels, of: x.reshaped(to: Shape(1, x.shape[1] * width, channels)))
            .reshaped(to: Shape(1, rows.count, columns.count, channels))
    }

    /// Counts what decoding a picture would cost, without running it.
    ///
    /// - Parameters:
    ///   - height: in latent pixels.
    ///   - width: in latent pixels.
    ///   - tiling: how it is cut; `nil` for a whole.
    /// - Returns: the cost of a whole, or of all parts; the memory is that of the largest.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` for sizes that cannot be.
    public func planDecoding(
        height: Int, width: Int, tiling: LatentTiling? = nil
    ) throws(LatentDiffusionError) -> Workspace.Account {
        try check(batch: 1, height: height, width: width, multiple: 1, most: Self.limits.side / configuration.factor)
        return runtime.plan { ws in
            let z = Tensor(zeros: Shape(1, height, width, configuration.latentChannels))
            if let tiling {
                parts(z, tiling, nil, ws) { part, _, _ in _ = ws.channelsFirst(part) }
            } else {
                _ = ws.channelsFirst(decode(z, nil, ws))
            }
        }
    }

    /// Counts what encoding a picture would cost, without running it.
    ///
    /// - Parameters:
    ///   - height: in pixels.
    ///   - width: in pixels.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` for sizes that cannot be.
    public func planEncoding(height: Int, width: Int) throws(LatentDiffusionError) -> Workspace.Account {
        try check(batch: 1, height: height, width: width, multiple: configuration.factor, most: Self.limits.side)
        return runtime.plan { ws in
            let picture = Tensor(zeros: Shape(1, configuration.inputChannels, height, width))
            _ = ws.channelsFirst(encoder(ws.channelsLast(picture), ws))
        }
    }

    /// Computes picture by picture: activations of one are large enough to keep all threads busy.
    private func each(
        _ x: Tensor, _ shape: Shape, profile: Bool,
        _ body: (Tensor, LayerProbe?, Workspace, UnsafeMutableBufferPointer<Float>) -> Void
    ) throws(LatentDiffusionError) -> (result: Tensor, account: Workspace.Account) {
        let count = shape[0]
        let size = count == 0 ? 0 : shape.elementCount / count
        let found = runtime.withWorkspace(profile: profile) { ws in
            let result = Tensor(shape: shape) { values in
                for picture in 0..<count {
                    let part = values[picture * size..<(picture + 1) * size]
                    body(x.rows(picture..<picture + 1), nil, ws, UnsafeMutableBufferPointer(rebasing: part))
                }
            }
            return (result: result, account: ws.account)
        }
        guard let index = found.result.firstNonFinite else { return found }
        let probe = LayerProbe()
        let picture = index / size
        runtime.withWorkspace { ws in
            _ = Tensor(shape: Shape([size])) { body(x.rows(picture..<picture + 1), probe, ws, $0) }
        }
        throw .notFinite(component: "the autoencoder", layer: probe.found ?? "the last layer")
    }

    private func check(
        _ x: Tensor, channels: Int, multiple: Int, most: Int
    ) throws(LatentDiffusionError) {
        guard x.dtype == .float32, x.shape.rank == 4, x.shape[1] == channels else {
            throw .input(
                expected: "fp32 [batch, \(channels), height, width]", found: "\(x.dtype.rawValue) \(x.shape)")
        }
        try check(batch: x.shape[0], height: x.shape[2], width: x.shape[3], multiple: multiple, most: most)
        if let index = x.firstNonFinite {
            throw .input(expected: "pictures of finite values", found: "\(x.floats[index]) at index \(index)")
        }
    }

    func check(
        batch: Int, height: Int, width: Int, multiple: Int, most: Int
    ) throws(LatentDiffusionError) {
        guard batch >= 0, batch <= Self.limits.batch else {
            throw .input(expected: "a batch of at most \(Self.limits.batch)", found: "\(batch)")
        }
        for side in [height, width] where side < 1 || side > most || side % multiple != 0 {
            throw .input(
                expected: "sides of at most \(most)" + (multiple == 1 ? "" : " that are multiples of \(multiple)"),
                found: "\(height) x \(width)")
        }
    }
}
