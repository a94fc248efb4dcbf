/// What a folder's configuration says of a dual encoder, whatever its layout.
struct DualEncoderConfiguration: Sendable, Equatable {
    /// How the similarity of an image and a text is scaled.
    struct Scale: Sendable, Equatable {
        /// The shape of `logit_scale`, and of `logit_bias` where there is one.
        var shape: [Int]
        /// Whether there is a `logit_bias`.
        var hasBias: Bool
    }

    /// How texts are filled up to one length.
    enum Padding: Sendable, Equatable {
        /// To the longest of a batch, with the tokenizer's padding token.
        case longest
        /// To the context's length, always; with the tokenizer's padding token where `id` is `nil`.
        case context(id: Int?)
    }

    /// The family's name, such as `CLIP`.
    var architecture: String
    /// The image tower; `nil` where the checkpoint has none.
    var image: ImageTowerConfiguration?
    /// The text tower; `nil` where the checkpoint has none.
    var text: TextTransformer.Configuration?
    /// `nil` where the checkpoint has one tower only.
    var scale: Scale?
    /// How texts are filled up.
    var padding = Padding.longest
    /// Whether probabilities are sigmoids of the logits, one label by itself, rather than a softmax.
    var hasSigmoid = false
}

/// What a configuration says of an image tower.
enum ImageTowerConfiguration: Sendable, Equatable {
    case transformer(VisionTransformer.Configuration)
    case resNet(ModifiedResNet.Configuration)

    /// Height and width of the images that the tower was made for.
    var imageSize: [Int] {
        switch self {
        case .transformer(let configuration): configuration.imageSize
        case .resNet(let configuration): [configuration.imageSize, configuration.imageSize]
        }
    }

    /// Width of an image's embedding.
    var outputWidth: Int {
        switch self {
        case .transformer(let configuration): configuration.projectionWidth ?? configuration.width
        case .resNet(let configuration): configuration.outputWidth
        }
    }
}
