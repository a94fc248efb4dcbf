/// A tensor's name in a LoRA file, taken apart.
///
/// Read are the layouts of kohya's scripts (`lora_unet_…_to_q.lora_down.weight`, layers' dots turned to underscores),
/// of PEFT (`unet.….to_q.lora_A.weight`), of diffusers (`unet.….to_q.lora.down.weight`,
/// `text_encoder.….q_proj.lora_linear_layer.down.weight`), and of diffusers' attention processors
/// (`unet.….processor.to_q_lora.down.weight`).
struct LoRAKey: Sendable {
    /// What the tensor is.
    enum Part: String, Sendable {
        /// The factor next to the inputs.
        case down
        /// The factor next to the outputs.
        case up
        /// The kernel between the two, of a convolution's LoRA whose factors are both 1x1.
        case middle
        /// The scale times the rank.
        case alpha
    }

    /// The name of the layer that is changed.
    enum Layer: Sendable, Hashable {
        /// As the model has it.
        case dotted(String)
        /// With underscores for dots.
        case flat(String)
    }

    /// Why a name is refused.
    struct Refusal: Error {
        var expected: String
        var found: String
    }

    let component: AdaptedComponent
    let layer: Layer
    let part: Part

    /// - Parameters:
    ///   - key: the tensor's name.
    ///   - hasComponents: whether the file's names start with a component's; if not, all are of the UNet.
    init(_ key: String, hasComponents: Bool) throws(Refusal) {
        for (mark, kind) in Self.refused where key.contains(mark) {
            throw Refusal(expected: "factors of LoRA", found: kind)
        }
        guard let ending = Self.endings.first(where: { key.hasSuffix($0.text) }) else {
            throw Refusal(expected: "a name that ends as a LoRA's does", found: "another ending")
        }
        let name = key.dropLast(ending.text.count)
        part = ending.part
        for component in AdaptedComponent.allCases {
            for prefix in component.flatPrefixes where name.hasPrefix(prefix) {
                (self.component, layer) = (component, .flat(String(name.dropFirst(prefix.count))))
                return
            }
            let prefix = "\(component.rawValue)."
            if name.hasPrefix(prefix) {
                self.component = component
                layer = .dotted(Self.modern(String(name.dropFirst(prefix.count)) + ending.layerEnd, component))
                return
            }
        }
        guard !hasComponents, !key.hasPrefix("lora_"), !key.hasPrefix("text_encoder_2.") else {
            throw Refusal(
                expected: "a name that starts with unet., text_encoder., lora_unet_ or lora_te_", found: "another start"
            )
        }
        component = .unet
        layer = .dotted(Self.modern(String(name) + ending.layerEnd, .unet))
    }

    /// Whether a name starts with a component's.
    static func hasComponent(_ key: String) -> Bool {
        AdaptedComponent.allCases.contains { component in
            key.hasPrefix("\(component.rawValue).") || component.flatPrefixes.contains { key.hasPrefix($0) }
        }
    }

    /// A layer's name without the processor that older files have in it, a text encoder's projections by their names
    /// today.
    private static func modern(_ name: String, _ component: AdaptedComponent) -> String {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "processor" }
        if component == .textEncoder, let index = parts.lastIndex(of: "self_attn"), index + 1 < parts.count,
            let today = textProjections[String(parts[index + 1])]
        {
            parts.replaceSubrange((index + 1)..., with: [Substring(today)])
        }
        return parts.joined(separator: ".")
    }

    private static let textProjections = ["to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"]

    private struct Ending: Sendable {
        var text: String
        var part: Part
        /// What of the ending belongs to the layer's name.
        var layerEnd = ""
    }

    private static let endings: [Ending] = {
        var endings = [
            Ending(text: ".lora_down.weight", part: .down), Ending(text: ".lora_up.weight", part: .up),
            Ending(text: ".lora_mid.weight", part: .middle), Ending(text: ".alpha", part: .alpha),
            Ending(text: ".lora_A.weight", part: .down), Ending(text: ".lora_B.weight", part: .up),
            Ending(text: ".lora.down.weight", part: .down), Ending(text: ".lora.up.weight", part: .up),
            Ending(text: ".lora_linear_layer.down.weight", part: .down),
            Ending(text: ".lora_linear_layer.up.weight", part: .up),
        ]
        for (name, layer) in [("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("out", "to_out.0")] {
            endings.append(Ending(text: ".to_\(name)_lora.down.weight", part: .down, layerEnd: ".\(layer)"))
            endings.append(Ending(text: ".to_\(name)_lora.up.weight", part: .up, layerEnd: ".\(layer)"))
        }
        return endings
    }()

    /// What tells other kinds of adapters, and their names.
    private static let refused = [
        (".dora_scale", "DoRA, which is not supported"), ("lora_magnitude_vector", "DoRA, which is not supported"),
        (".hada_", "LoHa, which is not supported"), (".lokr_", "LoKr, which is not supported"),
        (".oft_", "OFT, which is not supported"), (".on_input", "IA3, which is not supported"),
        (".diff", "a difference of whole weights, which is not supported"),
        ("lora_embedding_", "factors of an embedding, which are not supported"),
        ("lora_te2_", "factors for a second text encoder, which this family has not"),
        ("text_encoder_2.", "factors for a second text encoder, which this family has not"),
        ("bundle_emb.", "embeddings beside the factors, which are not supported"),
    ]
}
