import Audio
import Glibc
import JSON
import Media

/// Sizes beyond these are refused, so that an input takes little time.
private let pictureLimits = ImageLimits(fileBytes: 1 << 20, pixels: 1 << 18, side: 1 << 14, scans: 20)

/// Any bytes as a picture: JPEG and WebP, of which a change leaves most readable.
@Sendable func fuzzPicture(_ bytes: [UInt8]) throws {
    let image = try ImageDecoder.decode(bytes, limits: pictureLimits)
    let (width, height) = (image.width, image.height)
    require(width > 0 && height > 0 && width * height <= pictureLimits.pixels, "\(width) x \(height)")
    require(image.bytes.count == width * height * image.mode.bytesPerPixel, "\(image.bytes.count) bytes")
    require(image.rgb().bytes.count == width * height * 3, "RGB")
    // What a decoder leaves out must not be what the heap held before.
    require(try ImageDecoder.decode(bytes, limits: pictureLimits) == image, "another picture the second time")
}

/// Any bytes as a PNG, and the same with its checksums made right: a wrong one hides what stands behind it.
@Sendable func fuzzPNG(_ bytes: [UInt8]) throws {
    var repaired = bytes
    var place = 8
    while place + 12 <= bytes.count {
        let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = place + 8 + length
        guard end + 4 <= bytes.count else { break }
        let sum = checksum(bytes[place + 4..<end])
        for index in 0..<4 { repaired[end + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index))) }
        place = end + 4
    }
    // What `zoo generate --replay` reads.
    _ = try? PNGText.read("zoo generate", in: repaired)
    try fuzzPicture(repaired)
}

/// Any text as the preprocessing of each library, used on a picture.
@Sendable func fuzzPreprocessing(_ bytes: [UInt8]) throws {
    guard let kind = bytes.first else { return }
    let config = try Config(file: "input", bytes: Array(bytes.dropFirst()))
    let preprocessing =
        switch kind % 6 {
        case 0: try ImagePreprocessing(preprocessorConfig: config)
        case 1: try ImagePreprocessing(preprocessorConfig: config, modelType: "convnext")
        case 2: try ImagePreprocessing(timm: config)
        case 3: try ImagePreprocessing(timm: config, usesTestSize: true)
        case 4: try ImagePreprocessing(torchvision: config)
        default: try ImagePreprocessing(openCLIP: config, in: config, height: 24, width: 24)
        }
    require(!preprocessing.description.isEmpty, "no description")
    // Larger outputs are allowed but take too long here.
    guard preprocessing.outputCount <= 1 << 18 else { return }
    let count = preprocessing.outputCount
    for (width, height) in [(1, 1), (7, 5), (40, 3)] {
        let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let values = preprocessing(Image(width: width, height: height, mode: .rgb, bytes: pixels))
        require(values.count == count, "\(values.count) values instead of \(count)")
    }
}

private let soundLimits = AudioLimits(fileBytes: 1 << 20, seconds: 30)

/// Any bytes as a sound file.
@Sendable func fuzzAudio(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/sound"
    write(bytes, to: path)
    try useSound(AudioReader(path: path, rate: 16_000, limits: soundLimits))
}

/// Any bytes as sound that arrives at a descriptor: WAV, or bare samples whose format the input's first line names.
@Sendable func fuzzAudioStream(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    let format = parts.count == 2 && parts[0].count < 30 ? text(parts[0]) : ""
    let pcm = format.contains(":") ? try PCMFormat(parsing: format) : nil
    let path = ScratchFolder.shared.path + "/stream"
    write(pcm == nil ? bytes[...] : parts[1], to: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    require(descriptor >= 0, "cannot open \(path)")
    defer { close(descriptor) }
    try useSound(
        AudioReader(
            descriptor: descriptor, name: "input", pcm: pcm, rate: 8_000, channel: .channel(1), limits: soundLimits))
}

/// Reads to the end. No input is larger than a megabyte, so no more than this can come of it.
private func useSound(_ reader: AudioReader) throws {
    var count = 0
    while true {
        let samples = try reader.read(4_096)
        require(samples.allSatisfy(\.isFinite), "samples that are not finite")
        count += samples.count
        require(count <= 1 << 30, "sound without an end")
        guard samples.count == 4_096 else { return }
    }
}
