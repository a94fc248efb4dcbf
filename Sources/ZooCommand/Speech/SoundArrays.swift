import Arguments
import Audio
import AudioEncoder
import ModelZoo
import TensorCore

/// What an audio encoder is fed for sounds, as an array file.
enum SoundArrays {
    /// Makes an array `[sounds, samples]`.
    ///
    /// - Throws: ``Failure`` where a sound cannot be used, or is not as long as the first.
    static func make(
        _ words: [String], _ encoder: AudioEncoder, to file: String, _ context: CommandContext
    ) throws -> ExitCode {
        let list = InputList(
            words.map(context.path), list: PathList(isNullSeparated: false), extensions: InputList.sounds)
        var values: [Float] = []
        var (count, length) = (0, 0)
        for path in list {
            guard Interruption.exitCode == nil else { return .success }
            let input = SoundInput.file(path)
            do {
                let clip = try input.clip(rate: encoder.samplingRate, channel: .mean)
                guard count == 0 || clip.samples.count == length else {
                    throw Failure(
                        "\(clip.samples.count) samples, the sounds before it have \(length); one array holds sounds of "
                            + "one length, so write one an input", .badData)
                }
                length = clip.samples.count
                count += 1
                guard length <= ReferenceCases.arrayLimit / 4 / count else {
                    throw Failure("one array would be too large", .badData)
                }
                values += try encoder.inputValues(clip.samples).floats
            } catch { throw Failure(error).about(input.name) }
        }
        guard count > 0 else {
            throw Failure(
                "no sounds found (looked for \(InputList.sounds.joined(separator: ", ")))", .inputNotFound)
        }
        try write(Tensor(values, shape: Shape(count, length)), to: file)
        return .success
    }
}
