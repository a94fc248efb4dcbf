import Checkpoints
import Foundation
import TensorCore
import TestSupport
import Testing

/// PyTorch files that are hostile or damaged: a typed error each, never more.
@Suite struct PyTorchDamageTests {
    @Test(arguments: PyTorchAttack.all)
    func refused(attack: PyTorchAttack) {
        let error = #expect(throws: CheckpointError.self) { try PyTorchFile(bytes: attack.bytes, file: "attack") }
        guard case .pytorch(let error) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error.rule == attack.rule, "\(error)")
        #expect(error.file == "attack")
    }

    @Test func everyRuleHasItsAttack() {
        #expect(Set(PyTorchAttack.all.map(\.rule)) == Set(PyTorchError.Rule.allCases))
    }

    @Test func namesThatRunCodeAreNamed() {
        for attack in PyTorchAttack.code where attack.rule == .global && attack.what.contains(".system") {
            let error = #expect(throws: CheckpointError.self) { try PyTorchFile(bytes: attack.bytes, file: "attack") }
            #expect(error?.description.contains(attack.what) == true)
        }
    }

    @Test func handMadeFilesWithoutAttackAreRead() throws {
        let zip = HandMadeZip.torch(HandMadePickle.weights { $0.tensor([3], [2]) })
        for bytes in [zip.bytes, HandMadeLegacy.file()] {
            let file = try PyTorchFile(bytes: bytes, file: "made")
            #expect(file.names == ["a"])
            #expect(try file.bytes(of: "a").allSatisfy { $0 == 1 })
        }
        var commented = zip
        commented.comment = [1, 2, 3]
        #expect(try PyTorchFile(bytes: commented.bytes, file: "made").names == ["a"])
        var wide = zip
        for index in wide.records.indices { wide.records[index].isWide = true }
        #expect(try PyTorchFile(bytes: wide.bytes, file: "made").bytes(of: "a").count == 12)
    }

    @Test func valuesInCirclesAndDeepDownAreFreed() throws {
        // A circle of lists, and a tuple a million deep, beside the weights.
        let pickle = HandMadePickle.made { pickle in
            pickle.op("}(")
            pickle.text("state_dict")
            pickle.op("}")
            pickle.text("a")
            pickle.tensor()
            pickle.op("s")
            pickle.text("circle")
            pickle.op("]q\u{1}h\u{1}a")
            pickle.text("deep")
            pickle.op(")")
            pickle.raw([UInt8](repeating: 0x85, count: 1_000_000))
            pickle.op("u")
        }
        #expect(try PyTorchFile(bytes: HandMadeZip.torch(pickle).bytes, file: "deep").names == ["a"])
    }

    @Test(arguments: ["network.pth", "network-legacy.pth", "training-protocol-4.pth"])
    func cutShortAtEveryByte(name: String) throws {
        let whole = try PyTorchFixtures.bytes(name)
        for count in 0..<whole.count {
            let error = #expect(throws: CheckpointError.self) {
                try PyTorchFile(bytes: Array(whole[..<count]), file: name)
            }
            guard case .pytorch = error else {
                Issue.record("\(count): \(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: ["views.th", "training.pth"])
    func everyChangedBitOfARecordIsNoticed(name: String) throws {
        let whole = try PyTorchFixtures.bytes(name)
        let clean = try PyTorchFile(bytes: whole, file: name)
        let values = try clean.names.map { try clean.bytes(of: $0) }
        for place in whole.indices {
            var damaged = whole
            damaged[place] ^= 1 << UInt8(place % 8)
            // Whatever is not an error has the same values: padding and dates are nobody's data.
            guard let file = try? PyTorchFile(bytes: damaged, file: name),
                let read = try? file.names.map({ try file.bytes(of: $0) })
            else { continue }
            #expect(read == values && file.names == clean.names, "byte \(place)")
        }
    }

    @Test(arguments: ["network-legacy.pth", "training-legacy.pth", "views-legacy.th", "no-checksums.pt"])
    func changedBytesWithoutChecksumsNeverCrash(name: String) throws {
        let whole = try PyTorchFixtures.bytes(name)
        var random = SeededGenerator(seed: 7)
        for round in 0..<6000 {
            var damaged = whole
            for _ in 0...round % 4 {
                let place = Int(random.next() % UInt64(damaged.count))
                switch random.next() % 4 {
                case 0: damaged[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: damaged.remove(at: place)
                case 2: damaged.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                default: damaged[place] ^= 1 << UInt8(random.next() % 8)
                }
            }
            guard let file = try? PyTorchFile(bytes: damaged, file: name) else { continue }
            for tensor in file.names where file.info(tensor) != nil { _ = try? file.bytes(of: tensor) }
        }
    }

    @Test func aFileThatShrinksMeanwhile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(PyTorchFixtures.bytes("network.pth"), as: "network.pth")
        let file = try PyTorchFile(file: path)
        // The same file, cut short in place.
        #expect(truncate(path, 200) == 0)
        let error = #expect(throws: TensorReadError.self) { try file.bytes(of: "conv.weight") }
        #expect(error?.file == path)
    }
}
