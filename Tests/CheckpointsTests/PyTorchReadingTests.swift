import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

/// Files of `torch.save` in every format and wrapping, against safetensors' writer.
@Suite struct PyTorchReadingTests {
    @Test func thereIsSomethingToRead() {
        #expect(PyTorchFixtures.goldens.count >= 25)
        #expect(PyTorchFixtures.refused.count >= 9)
    }

    @Test(arguments: PyTorchFixtures.goldens)
    func convertedByteForByte(golden: PyTorchFixtures.Golden) throws {
        let checkpoint = try golden.open()
        #expect(checkpoint.names == golden.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let folder = try TemporaryFolder()
        let path = folder.path("out.safetensors")
        let summary = try #require(try Safetensors.write(checkpoint, to: path))
        #expect(try SHA256.hexadecimal(ofFile: path) == golden.sha256)
        #expect(folder.names == ["out.safetensors"])
        let written = try Safetensors(file: path)
        #expect(summary.tensorCount == written.names.count)
        #expect(summary.byteCount == (try FileSystem.read(path, limit: 1 << 20).count))
        #expect(summary.tensorCount + summary.dropped.count == checkpoint.names.count)
        // What models read is what the converted file holds, under dropped names, too.
        let kept = Dictionary(uniqueKeysWithValues: summary.dropped.map { ($0.name, $0.kept) })
        for name in checkpoint.names {
            let other = kept[name] ?? name
            #expect(checkpoint.info(name)?.shape == written.info(other)?.shape)
            #expect(checkpoint.info(name)?.dtype == written.info(other)?.dtype)
            #expect(checkpoint.storedType(name) == written.entry(other)?.type)
            guard checkpoint.info(name) != nil else { continue }
            #expect(try checkpoint.bytes(of: name) == written.bytes(of: other))
        }
    }

    @Test(arguments: ["views.th", "views-legacy.th"])
    func viewsAreReadInPieces(file: String) throws {
        let checkpoint = try Checkpoint.open(file: "\(PyTorchFixtures.folder)/\(file)")
        for name in checkpoint.names {
            let whole = try checkpoint.bytes(of: name)
            for start in stride(from: 0, to: whole.count, by: 7) {
                var piece = [UInt8](repeating: 0, count: min(7, whole.count - start))
                try piece.withUnsafeMutableBytes { try checkpoint.read(name, at: start, into: $0) }
                #expect(piece.elementsEqual(whole[start..<start + piece.count]))
            }
        }
    }

    @Test func readsBeyondATensorAreRefused() throws {
        let checkpoint = try Checkpoint.open(file: "\(PyTorchFixtures.folder)/network.pth")
        for (offset, count) in [(0, 21), (20, 1), (-1, 1), (.max, 1), (21, 0)] {
            var buffer = [UInt8](repeating: 0, count: count)
            #expect(throws: TensorReadError.self) {
                try buffer.withUnsafeMutableBytes { try checkpoint.read("conv.bias", at: offset, into: $0) }
            }
        }
        let error = #expect(throws: TensorReadError.self) { try checkpoint.bytes(of: "none") }
        #expect(error?.tensor == "none")
    }

    @Test(arguments: PyTorchFixtures.refused)
    func refusedByName(refused: PyTorchFixtures.Refused) {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.open(file: "\(PyTorchFixtures.folder)/\(refused.file)")
        }
        #expect(error?.description.contains(refused.found) == true, "\(String(describing: error))")
        #expect(error?.description.contains(refused.file) == true)
    }

    @Test func whatRunsCodeComesWithTheWayOut() {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.open(file: "\(PyTorchFixtures.folder)/module.pt")
        }
        #expect(error?.description.contains("convert it with") == true)
    }

    @Test func averagesAreOnlyTakenWhereAskedFor() throws {
        let both = try PyTorchFile(file: "\(PyTorchFixtures.folder)/training.pth")
        #expect(both.path == ["state_dict"])
        #expect(both.notes.count == 1)
        #expect(both.notes[0].contains("\"state_dict\"") && both.notes[0].contains("--ema"))
        let average = try PyTorchFile(file: "\(PyTorchFixtures.folder)/training.pth", usesEMA: true)
        #expect(average.path == ["state_dict_ema"])
        #expect(average.notes.isEmpty)
        let nested = try PyTorchFile(file: "\(PyTorchFixtures.folder)/nested.pth", usesEMA: true)
        #expect(nested.path == ["ema", "shadow"])
        let error = #expect(throws: CheckpointError.self) {
            try PyTorchFile(file: "\(PyTorchFixtures.folder)/network.pth", usesEMA: true)
        }
        guard case .pytorch(let error) = error else { return }
        #expect(error.rule == .contents)
        #expect(error.found.contains("conv.weight"))
    }

    @Test func safetensorsHasNoAverage() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("model.safetensors")
        try Safetensors.write([StoredTensor(name: "a", shape: [1], floats: [1])], to: path)
        #expect(throws: CheckpointError.noAverage(file: path)) {
            try Checkpoint.open(folder: folder.path, choice: WeightChoice(usesEMA: true))
        }
    }

    @Test func filesWithoutChecksumsSaySo() throws {
        let file = try PyTorchFile(file: "\(PyTorchFixtures.folder)/no-checksums.pt")
        #expect(file.notes.count == 1 && file.notes[0].contains("checksums"))
    }

    @Test func choosesAsTheReferencesDo() throws {
        let folder = try TemporaryFolder()
        let weights = try PyTorchFixtures.bytes("network.pth")
        // Alone under any name, beside what trainers leave.
        try folder.write(weights, as: "small.pth")
        try folder.write([1], as: "training_args.bin")
        #expect(try Checkpoint.open(folder: folder.path).files == [folder.path("small.pth")])
        // Two of them: which?
        try folder.write(weights, as: "other.pt")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder: folder.path) }
        #expect(error == .noWeights(folder: folder.path, other: ["other.pt", "small.pth"]))
        let choice = WeightChoice(file: folder.path("other.pt"))
        #expect(try Checkpoint.open(folder: folder.path, choice: choice).files == [folder.path("other.pt")])
        // Known names go first, safetensors before all.
        try folder.write(weights, as: "pytorch_model.bin")
        #expect(try Checkpoint.open(folder: folder.path).files == [folder.path("pytorch_model.bin")])
        try Safetensors.write([StoredTensor(name: "a", shape: [1], floats: [1])], to: folder.path("model.safetensors"))
        #expect(try Checkpoint.open(folder: folder.path).names == ["a"])
    }

    @Test func anIndexLeadsToItsOwnKindOnly() throws {
        let folder = try TemporaryFolder()
        try folder.write(PyTorchFixtures.bytes("network.pth"), as: "a.bin")
        for name in ["model.safetensors.index.json", "pytorch_model.pt.index.json"] {
            try folder.write(#"{"weight_map":{"conv.bias":"a.bin"}}"#, as: name)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(file: folder.path(name)) }
            guard case .index(.value(_, let keyPath, _, _)) = error, keyPath == "weight_map.conv.bias" else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test(arguments: [DType.float32, .float16, .bfloat16])
    func convertedToAnotherType(type: DType) throws {
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(file: "\(PyTorchFixtures.folder)/types.bin")
        let path = folder.path("out.safetensors")
        _ = try Safetensors.write(checkpoint, as: type, to: path)
        let written = try Safetensors(file: path)
        #expect(written.names == checkpoint.names)
        for name in checkpoint.names {
            let isFloat = checkpoint.info(name)?.dtype.isFloatingWeight == true
            #expect(
                written.entry(name)?.type
                    == (isFloat ? StoredType(rawValue: type.rawValue) : checkpoint.storedType(name)))
        }
        #expect(try written.bytes(of: "torch.int64") == checkpoint.bytes(of: "torch.int64"))
    }

    @Test func nothingIsWrittenWhereCancelled() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(file: "\(PyTorchFixtures.folder)/network.pth")
        #expect(try Safetensors.write(checkpoint, to: folder.path("out.safetensors"), isCancelled: { true }) == nil)
        #expect(folder.names.isEmpty)
    }
}
