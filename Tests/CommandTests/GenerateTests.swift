import Checkpoints
import Foundation
import JSON
import Media
import TestSupport
import Testing

@testable import ZooCommand

/// `zoo generate` with GANs, on the seeded generators of the family's own tests.
@Suite struct GenerateTests: GenerationRuns {
    let folder: TemporaryFolder
    private let plain = Fixtures.generator("dcgan-8")
    private let labelled = Fixtures.generator("dcgan-labels")

    init() throws { folder = try TemporaryFolder() }

    @Test func thePictureIsTheReferences() throws {
        let latents = "\(plain)/ref/b3.in.z.npy"
        let grid = try ImageDecoder.decode(made(["-m", plain, "--latents", latents, "--grid", "1x3"], "g.png"))
        let pixels = try NPY(file: "\(plain)/ref/b3.out.pixels.npy", limit: 1 << 20)
        #expect(pixels.shape == [3, 8, 8, 3] && (grid.width, grid.height) == (32, 12))
        for (place, byte) in pixels.bytes.enumerated() {
            let (image, y, x, c) = (place / 192, place / 24 % 8, place / 3 % 8, place % 3)
            let found = grid.bytes[((2 + y) * 32 + 2 + image * 10 + x) * 3 + c]
            #expect(abs(Int(found) - Int(byte)) <= 1)
        }
    }

    /// StyleGAN2 as others than NVIDIA store it has no configuration: the tensors say all.
    @Test func tensorsAloneAreAModel() throws {
        let model = Fixtures.generator("stylegan2-rosinality")
        let options = ["--latents", "\(model)/ref/plain.in.z.npy", "--noise", "none"]
        let picture = try ImageDecoder.decode(made(["-m", model] + options, "s.png"))
        let pixels = try NPY(file: "\(model)/ref/plain.out.pixels.npy", limit: 1 << 20)
        #expect(pixels.shape == [1, picture.height, picture.width, 3] && pixels.bytes.count == picture.bytes.count)
        for (found, byte) in zip(picture.bytes, pixels.bytes) { #expect(abs(Int(found) - Int(byte)) <= 1) }
        let weights = try made(["-m", "\(model)/model.safetensors"] + options, "w.png")
        #expect(try ImageDecoder.decode(weights) == picture)
    }

    @Test func latentsAreThoseOfTorch() throws {
        let path = folder.path("z.npy")
        _ = try made(["-m", labelled, "--class", "0", "--seeds", "42", "--output-latents", path], "a.png")
        let latents = try NPY(file: path, limit: 1 << 10)
        #expect(latents.shape == [1, 6])
        // torch.manual_seed(42); torch.randn(5), which torch draws one by one where there are fewer than 16.
        let expected: [Float] = [0.336_690_37, 0.128_809_41, 0.234_462_37, 0.230_333_03, -1.122_856_38]
        for (found, value) in zip(latents.floats(), expected) { #expect(abs(found - value) <= 1e-6) }
        // What was drawn makes the same pixels again.
        let (a, b) = (try made(["-m", labelled, "--class", "0", "--latents", path], "b.png"), folder.path("a.png"))
        #expect(try ImageDecoder.decode(a) == ImageDecoder.decode(path: b))
    }

    /// NU05
    @Test func sameSeedSamePicture() throws {
        let alone = try made(["-m", plain, "--seeds", "5", "--threads", "1"], "5.png")
        for options in [
            ["--seeds", "3", "--count", "4"], ["--seeds", "9,5,0-2"], ["--seeds", "0-20", "--threads", "2"],
        ] {
            let run = try generate(["-m", plain, "-o", folder.path("many"), "--force"] + options)
            #expect(run.code == 0, "\(run.errors)")
            let file = URL(filePath: folder.path("many/seed-5.png"))
            #expect(try Array(Data(contentsOf: file)) == alone, "\(options)")
        }
        let other = try ImageDecoder.decode(made(["-m", plain, "--seeds", "6"], "6.png"))
        #expect(try other != ImageDecoder.decode(alone))
    }

    @Test func walks() throws {
        let file = try made(["-m", plain, "--interpolate", "1..2", "--frames", "3"], "walk.png")
        let first = try ImageDecoder.decode(made(["-m", plain, "--seeds", "1"], "1.png"))
        let last = try ImageDecoder.decode(made(["-m", plain, "--seeds", "2"], "2.png"))
        #expect(try ImageDecoder.decode(file) == first)
        let run = try generate(["-m", plain, "--interpolate", "1..2", "--frames", "3", "-o", folder.path("frames")])
        #expect(run.code == 0 && run.lines.count == 3, "\(run.errors)")
        #expect(try ImageDecoder.decode(path: folder.path("frames/frame-0001.png")) == first)
        let end = try ImageDecoder.decode(path: folder.path("frames/frame-0003.png"))
        #expect(zip(end.bytes, last.bytes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test(arguments: [
        ["--class", "thing 2", "--seeds", "7"], ["--class", "1", "--seeds", "0-3", "--grid", "2x3"],
        ["--class", "3", "--interpolate", "4..5", "--frames", "2"], ["--class", "THING 0", "--rng", "numpy"],
        ["--class", "all", "--grid", "4x2"], ["--class", "3,thing 1", "--grid", "1x4"],
    ])
    func replays(_ options: [String]) throws {
        let file = try made(["-m", labelled] + options, "a.png")
        #expect(try made(["--replay", folder.path("a.png"), "--threads", "1"], "b.png") == file)
        let run = try generate(["--replay", folder.path("a.png"), "-o", folder.path("a.png")])
        #expect(run.code == 74 && run.errors.contains("--force"))
    }

    @Test func classesShareThePictures() throws {
        let run = try generate(["-m", labelled, "-c", "2,0", "-s", "5-8", "--json", "-o", folder.path("two")])
        #expect(run.code == 0, "\(run.errors)")
        let classes = try run.objects().map { $0["class"] as? String }
        #expect(classes == ["thing 2", "thing 2", "thing 0", "thing 0"])
        for (seed, number) in [(5, 2), (6, 2), (7, 0), (8, 0)] {
            let alone = try made(["-m", labelled, "-c", "\(number)", "-s", "\(seed)"], "\(seed).png")
            #expect(try Array(Data(contentsOf: URL(filePath: folder.path("two/seed-\(seed).png")))) == alone)
        }
        let file = try made(["-m", labelled, "-c", "all", "--grid", "4x1"], "grid.png")
        #expect(try PNGText.read("class", in: file) == "thing 0, thing 1, thing 2, thing 3")
    }

    @Test func whatAFileSays() throws {
        let run = try generate(["-m", labelled, "-c", "thing 1", "-s", "8", "--json", "-o", folder.path("a.png")])
        let line = try JSONValue.parse(run.output)
        #expect(line["seed"]?.intValue == 8 && line["class"]?.stringValue == "thing 1")
        #expect(line["model"]?.stringValue == labelled && line["output"]?.stringValue == folder.path("a.png"))
        #expect(line["width"]?.intValue == 16 && line["rng"]?.stringValue == "torch-cpu")
        let file = try Array(Data(contentsOf: URL(filePath: folder.path("a.png"))))
        #expect(try PNGText.read("Software", in: file) == "zoo \(ZooCommand.version)")
        #expect(try PNGText.read("seed", in: file) == "8" && PNGText.read("class", in: file) == "thing 1")
        #expect(try PNGText.read("weights", in: file) == line["weights"]?.stringValue)
    }

    @Test func onlyTheSameModelReplays() throws {
        let copy = folder.path("model")
        try FileManager.default.copyItem(atPath: plain, toPath: copy)
        let file = try made(["-m", copy], "a.png")
        #expect(try made(["--replay", folder.path("a.png")], "b.png") == file)
        try Data(#"{"nz": 1}"#.utf8).write(to: URL(filePath: "\(copy)/config.json"))
        let other = try generate(["--replay", folder.path("a.png"), "-o", folder.path("c.png")])
        #expect(other.code == 65 && other.errors.contains("other weights"), "\(other.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("c.png")))
    }

    @Test func foreignPicturesDoNotReplay() throws {
        let plainFile = try Image(width: 1, height: 1, mode: .rgb, bytes: [1, 2, 3]).pngFile()
        let harmful = PNGText("zoo generate", #"["--model=x", "--output=/tmp/y"]"#)
        let noList = PNGText("zoo generate", "{")
        let picture = Image(width: 1, height: 1, mode: .rgb, bytes: [1, 2, 3])
        let files = try [
            plainFile, picture.pngFile(texts: [PNGText("weights", "0"), harmful]),
            picture.pngFile(texts: [PNGText("weights", "0"), noList]), Array("no picture".utf8),
        ]
        for file in files {
            let path = try folder.write(file, as: "x.png")
            let run = try generate(["--replay", path, "-o", folder.path("y.png")])
            #expect(run.code == 65 && run.errors.contains("x.png"), "\(run.errors)")
        }
        let missing = try generate(["--replay", folder.path("none.png"), "-o", folder.path("y.png")])
        #expect(missing.code == 66)
        let both = try generate(["--replay", folder.path("x.png"), "--seeds", "3", "-o", folder.path("y.png")])
        #expect(both.code == 2 && both.errors.contains("--seeds"))
    }

    @Test(arguments: [
        (["--seeds", "x"], "--seeds"), (["--seeds", "0-10000"], "at most 10000"), (["--count", "0"], "--count"),
        (["--count", "2"], "folder"), (["--seeds", "1,2", "--count", "3"], "3 pictures"),
        (["--seeds", "18446744073709551615", "--count", "2", "--grid", "1x2"], "2 pictures"),
        (["--class", "cat"], "no classes"), (["--steps", "3"], "diffusion"), (["--noise", "none"], "StyleGAN2"),
        (["--scheduler", "ddim"], "diffusion"), (["--grid", "0x2"], "--grid"),
        (["--seeds", "0-4", "--grid", "2x2"], "5 pictures"), (["--interpolate", "1"], "--interpolate"),
        (["--interpolate", "1..2", "--seeds", "3"], "seeds"), (["--rng", "excel"], "--rng"),
        (["--truncation", "x"], "--truncation"),
    ])
    func wrongCommandLines(_ options: [String], _ part: String) throws {
        let run = try generate(["-m", plain, "-o", folder.path("a.png")] + options)
        #expect(run.code == 2 && run.errors.contains(part), "\(options): \(run.code) \(run.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func classesThatAreNot() throws {
        for (options, part) in [
            ([], "needs a class"), (["--class", "cat"], "thing 0"), (["--class", "4"], "thing 0"),
            (["--class", "-1"], "class"), (["--class", "0,cat"], "'cat'"), (["--class", "0,"], "no class ''"),
            (["--class", "all", "--grid", "2x3"], "among 4 classes"),
            (["--class", "0,1", "--interpolate", "0..1"], "within one class"),
        ] {
            let run = try generate(["-m", labelled, "-o", folder.path("a.png")] + options)
            #expect(run.code == 2 && run.errors.contains(part), "\(options): \(run.errors)")
        }
        let classifier = try generate(["-m", Fixtures.resnet, "-o", folder.path("a.png")])
        #expect(classifier.code == 2 && classifier.errors.contains("makes no pictures"), "\(classifier.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func wrongInputs() throws {
        try NPY([1, 2, 3] as [Float], shape: [1, 3]).write(to: folder.path("z.npy"))
        let shape = try generate(["-m", plain, "--latents", folder.path("z.npy"), "-o", folder.path("a.png")])
        #expect(shape.code == 65 && shape.errors.contains("the model takes"), "\(shape.errors)")
        let truncated = try generate(["-m", plain, "--truncation", "0.5", "-o", folder.path("a.png")])
        #expect(truncated.code == 65 && truncated.errors.contains("truncation"), "\(truncated.errors)")
        let place = try generate(["-m", plain, "-o", folder.path("none/a.png")])
        #expect(place.code == 74, "\(place.errors)")
        #expect(folder.names == ["z.npy"])
        let full = try generate(["-m", plain, "-o", "/dev/full/a.png"])
        #expect(full.code == 74, "\(full.errors)")
    }

    @Test func truncationOfBigGAN() throws {
        let model = Fixtures.generator("biggan")
        let (half, whole) = (
            try made(["-m", model, "-c", "2", "--truncation", "0.5"], "half.png"),
            try made(["-m", model, "-c", "2"], "1.png")
        )
        #expect(try ImageDecoder.decode(half) != ImageDecoder.decode(whole))
        #expect(try PNGText.read("truncation", in: half) == "0.5" && PNGText.read("rng", in: half) == "numpy")
    }
}
