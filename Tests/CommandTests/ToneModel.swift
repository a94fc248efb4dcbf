import Audio
import Checkpoints
import Foundation

/// A wav2vec 2.0 network that is built, not trained: each letter is a tone, each frame of 20 ms is read by itself, and
/// what is said in a made-up sound is known to the letter.
///
/// One convolution of 320 samples holds a sine for each letter. Tones are multiples of 50 Hz, so that every frame
/// begins at the same phase and no letter answers another's tone. Layer norms and zero-output blocks leave the
/// largest channel the largest, and the head is the identity. Silence answers with a bias alone, the blank's.
enum ToneModel {
    /// The tokens, of which the first is the blank.
    static let tokens = ["<pad>", "<s>", "</s>", "<unk>", "|"] + "abcdefghijk".map(String.init)
    private static let rate = 16_000
    private static let frame = 320

    /// What the network ends in.
    enum Head { case ctc, classification, none }

    /// The labels of a network that classifies: the loudest tone over a whole sound.
    static let labels = tokens.map { "tone-\($0)" }

    /// Writes a model's folder.
    static func write(to folder: String, head: Head = .ctc, upperCase: Bool = false) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let width = tokens.count
        let names: [Head: String] = [
            .ctc: "Wav2Vec2ForCTC", .classification: "Wav2Vec2ForSequenceClassification", .none: "Wav2Vec2Model",
        ]
        var config: [String: Any] = [
            "model_type": "wav2vec2", "architectures": [names[head] ?? ""], "hidden_size": width,
            "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 4, "hidden_act": "gelu",
            "conv_dim": [width], "conv_kernel": [frame], "conv_stride": [frame], "conv_bias": true,
            "feat_extract_norm": "layer", "feat_extract_activation": "gelu", "num_feat_extract_layers": 1,
            "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, "do_stable_layer_norm": false,
            "layer_norm_eps": 1e-5, "vocab_size": width, "pad_token_id": 0, "classifier_proj_size": width,
        ]
        if head == .classification {
            config["id2label"] = Dictionary(
                uniqueKeysWithValues: labels.enumerated().map { ("\($0.offset)", $0.element) })
            config["label2id"] = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) })
        }
        try json(config, "\(folder)/config.json")
        try json(
            [
                "feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1, "sampling_rate": rate,
                "do_normalize": true, "padding_side": "right", "padding_value": 0, "return_attention_mask": false,
            ], "\(folder)/preprocessor_config.json")
        if head == .ctc {
            let shown = tokens.map { upperCase && $0.count == 1 ? $0.uppercased() : $0 }
            try json(
                Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($0.element, $0.offset) }),
                "\(folder)/vocab.json")
            try json(
                [
                    "tokenizer_class": "Wav2Vec2CTCTokenizer", "pad_token": "<pad>", "bos_token": "<s>",
                    "eos_token": "</s>", "unk_token": "<unk>", "word_delimiter_token": "|", "do_lower_case": false,
                ], "\(folder)/tokenizer_config.json")
        }
        let file = "\(folder)/model.safetensors"
        try Safetensors.write(tensors(head), metadata: ["format": "pt"], to: file)
    }

    private static func json(_ object: [String: Any], _ path: String) throws {
        try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: path))
    }

    /// The tone of a token.
    private static func hertz(_ token: Int) -> Double { 200 + 350 * Double(token) }

    private static func tensors(_ head: Head) -> [StoredTensor] {
        let width = tokens.count
        let prefix = head == .none ? "" : "wav2vec2."
        var tensors: [StoredTensor] = []
        func add(_ name: String, _ shape: [Int], _ value: (Int) -> Float) {
            let count = shape.reduce(1, *)
            tensors.append(StoredTensor(name: name, shape: shape, floats: (0..<count).map(value)))
        }
        func linear(_ name: String, _ from: Int, _ to: Int, scale: Float) {
            add("\(name).weight", [to, from]) { $0 / from == $0 % from ? scale : 0 }
            add("\(name).bias", [to]) { _ in 0 }
        }
        func norm(_ name: String) {
            add("\(name).weight", [width]) { _ in 1 }
            add("\(name).bias", [width]) { _ in 0 }
        }
        let convolution = "\(prefix)feature_extractor.conv_layers.0"
        add("\(convolution).conv.weight", [width, 1, frame]) { place in
            let (token, sample) = (place / frame, place % frame)
            // The first tokens, the blank among them, have no tone.
            guard token > 3 else { return 0 }
            return Float(sin(2 * Double.pi * hertz(token) * Double(sample) / Double(rate))) / Float(frame) * 2
        }
        add("\(convolution).conv.bias", [width]) { $0 == 0 ? 0.2 : 0 }
        norm("\(convolution).layer_norm")
        norm("\(prefix)feature_projection.layer_norm")
        linear("\(prefix)feature_projection.projection", width, width, scale: 1)
        let position = "\(prefix)encoder.pos_conv_embed.conv"
        add("\(position).weight_g", [1, 1, 4]) { _ in 0 }
        add("\(position).weight_v", [width, width / 2, 4]) { Float($0 % 7 + 1) }
        add("\(position).bias", [width]) { _ in 0 }
        norm("\(prefix)encoder.layer_norm")
        let layer = "\(prefix)encoder.layers.0"
        for name in ["q_proj", "k_proj", "v_proj"] { linear("\(layer).attention.\(name)", width, width, scale: 0.1) }
        linear("\(layer).attention.out_proj", width, width, scale: 0)
        norm("\(layer).layer_norm")
        linear("\(layer).feed_forward.intermediate_dense", width, 4, scale: 1)
        linear("\(layer).feed_forward.output_dense", 4, width, scale: 0)
        norm("\(layer).final_layer_norm")
        switch head {
        case .ctc: linear("lm_head", width, width, scale: 3)
        case .classification:
            linear("projector", width, width, scale: 1)
            linear("classifier", width, width, scale: 3)
        case .none: break
        }
        return tensors
    }

    /// The sound that the network reads as a text: a letter is four frames of its tone and two of silence, a space the
    /// delimiter's tone.
    static func sound(_ text: String) -> [Float] {
        text.flatMap { letter -> [Float] in
            let token = tokens.firstIndex(of: letter == " " ? "|" : String(letter)) ?? 0
            return tone(token, frames: 4) + silence(frames: 2)
        }
    }

    /// Frames of one tone.
    static func tone(_ token: Int, frames: Int) -> [Float] {
        (0..<frames * frame).map { Float(0.5 * sin(2 * Double.pi * hertz(token) * Double($0) / Double(rate))) }
    }

    /// Frames of silence.
    static func silence(frames: Int) -> [Float] { [Float](repeating: 0, count: frames * frame) }

    /// A sound as raw samples of 16 bits.
    static func pcm(_ samples: [Float]) -> Data {
        samples.reduce(into: Data()) { data, sample in
            let value = UInt16(bitPattern: Int16((sample * 32_767).rounded()))
            data.append(UInt8(value & 255))
            data.append(UInt8(value >> 8))
        }
    }
}

extension Scratch {
    /// Writes a tone model.
    @discardableResult
    func tones(_ name: String = "tones", head: ToneModel.Head = .ctc, upperCase: Bool = false) throws -> String {
        let folder = "\(path)/\(name)"
        try ToneModel.write(to: folder, head: head, upperCase: upperCase)
        return folder
    }

    /// Writes a WAV file.
    @discardableResult
    func sound(_ name: String, _ samples: [Float], rate: Int = 16_000) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            at: URL(filePath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        try AudioClip(samples: samples, rate: rate).writeWAV(to: file)
        return file
    }

    /// Writes a sound that a tone model reads as a text.
    @discardableResult
    func sound(_ name: String, saying text: String) throws -> String {
        try sound(name, ToneModel.sound(text) + ToneModel.silence(frames: 3))
    }
}
