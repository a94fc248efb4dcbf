import JSON
import TensorCore

/// The text encoder of a checkpoint in the original layout: CLIP's under transformers' names in 1.x, open_clip's in
/// 2.x.
struct LDMText {
    private(set) var part: LDMPart
    /// The width of a token's state.
    let width: Int
    private let isOpenCLIP: Bool
    private var depth = 0
    private let vocabulary: Int
    private let positions: Int
    private var hidden = 0

    /// open_clip's text tower has so many blocks, of which the last is not used: the states before it are normed.
    private static let openCLIPDepth = 24

    private static let openCLIPParts = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj", "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
    ]

    /// Gives all tensors transformers' names.
    ///
    /// - Parameters:
    ///   - part: the tensors.
    ///   - isOpenCLIP: whether they have open_clip's names.
    init(_ part: LDMPart, isOpenCLIP: Bool) throws(SingleFileError) {
        self.part = part
        self.isOpenCLIP = isOpenCLIP
        let prefix = isOpenCLIP || part.has("embeddings.token_embedding.weight") ? "" : "text_model."
        let table = try part.shape(
            isOpenCLIP ? "token_embedding.weight" : "\(prefix)embeddings.token_embedding.weight", rank: 2...2)
        (vocabulary, width) = (table[0], table[1])
        positions = try part.shape(
            isOpenCLIP ? "positional_embedding" : "\(prefix)embeddings.position_embedding.weight", rank: 2...2)[0]
        let (blocks, first) =
            isOpenCLIP
            ? ("transformer.resblocks.", ".mlp.c_fc.weight") : ("\(prefix)encoder.layers.", ".mlp.fc1.weight")
        while part.has("\(blocks)\(depth)\(first)") { depth += 1 }
        hidden = try part.shape("\(blocks)0\(first)", rank: 2...2)[0]
        if isOpenCLIP {
            guard (Self.openCLIPDepth - 1...Self.openCLIPDepth).contains(depth) else {
                throw .contents(
                    file: part.file,
                    expected: "\(Self.openCLIPDepth) blocks of the text encoder, or one less where the last, which is "
                        + "not used, was left out", found: "\(depth)")
            }
            depth = Self.openCLIPDepth - 1
        }
        for name in part.names {
            if isOpenCLIP {
                try renameOpenCLIP(name)
            } else {
                try self.part.move(name, to: prefix.isEmpty ? "text_model.\(name)" : name)
            }
        }
    }

    private mutating func renameOpenCLIP(_ name: String) throws(SingleFileError) {
        switch name {
        case "token_embedding.weight": return try part.move(name, to: "text_model.embeddings.token_embedding.weight")
        case "positional_embedding": return try part.move(name, to: "text_model.embeddings.position_embedding.weight")
        case "ln_final.weight", "ln_final.bias":
            return try part.move(name, to: "text_model.final_layer_norm.\(name.dropFirst("ln_final.".count))")
        default: break
        }
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count >= 5, pieces[0] == "transformer", pieces[1] == "resblocks", let block = Int(pieces[2]),
            (0..<Self.openCLIPDepth).contains(block)
        else { throw part.unknown(name) }
        let place = "text_model.encoder.layers.\(block)"
        let projections = ["q_proj", "k_proj", "v_proj"].map { "\(place).self_attn.\($0)" }
        let inner = pieces[3...].dropLast().joined(separator: ".")
        let end = pieces[pieces.count - 1]
        switch (inner, end) {
        case ("attn", "in_proj_weight"):
            guard block < depth else { return }
            try part.split(name, into: projections.map { "\($0).weight" }, shape: [width, width])
        case ("attn", "in_proj_bias"):
            guard block < depth else { return }
            try part.split(name, into: projections.map { "\($0).bias" }, shape: [width])
        default:
            guard let today = Self.openCLIPParts[inner] else { throw part.unknown(name) }
            guard block < depth else { return }
            try part.move(name, to: "\(place).\(today).\(end)")
        }
    }

    /// The configuration of a `CLIPTextModel`.
    ///
    /// - Parameter heads: of its attention.
    func configuration(heads: Int) -> JSONObject {
        [
            "architectures": .array([JSONValue("CLIPTextModel")]), "model_type": JSONValue("clip_text_model"),
            "vocab_size": JSONValue(vocabulary), "hidden_size": JSONValue(width), "projection_dim": JSONValue(width),
            "intermediate_size": JSONValue(hidden), "num_hidden_layers": JSONValue(depth),
            "num_attention_heads": JSONValue(heads), "max_position_embeddings": JSONValue(positions),
            "hidden_act": JSONValue(isOpenCLIP ? "gelu" : "quick_gelu"), "layer_norm_eps": JSONValue(1e-5),
            "bos_token_id": JSONValue(0), "eos_token_id": JSONValue(2), "pad_token_id": JSONValue(1),
        ]
    }
}
