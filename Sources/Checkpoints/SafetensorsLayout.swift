import JSON

/// Checks how the tensors of a header fit together and into the file: rules R8 to R12, and that names are distinct.
struct SafetensorsLayout {
    var file: String
    /// Where the data start in the file.
    var dataStart: Int
    /// Bytes of the file.
    var fileSize: Int

    /// The tensors sorted by name, all rules kept.
    func check(_ entries: [SafetensorsHeader.Entry]) throws(SafetensorsError) -> [Safetensors.Entry] {
        let byName = sorted(entries) { $0.name.precedesByBytes($1.name) }
        for (first, second) in zip(byName, byName.dropFirst()) where first.name.hasSameBytes(as: second.name) {
            throw failure(.duplicateName, second, "each name once", found: "it a second time")
        }
        var end = 0
        for entry in sorted(entries, by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard entry.end >= entry.begin else {
                throw failure(.layout, entry, "an end after the begin \(entry.begin)", found: "\(entry.end)")
            }
            guard entry.begin == end else {
                throw failure(
                    .layout, entry, "data from offset \(end) on, where the tensor before it ends",
                    found: "\(entry.begin)")
            }
            end = entry.end
            let size = try byteCount(of: entry)
            guard entry.end - entry.begin == size else {
                throw failure(
                    .span, entry, "\(size) bytes for \(entry.type.rawValue) \(entry.shape)",
                    found: "\(entry.end - entry.begin)")
            }
        }
        let (expected, overflow) = dataStart.addingReportingOverflow(end)
        guard !overflow, expected == fileSize else {
            let relation = overflow || expected > fileSize ? "it is cut short" : "bytes follow the last tensor"
            throw SafetensorsError(
                file: file, rule: .fileLength, tensor: nil,
                expected: "a file of \(overflow ? "more than 2^63" : "\(expected)") bytes",
                found: "\(fileSize): \(relation)", offset: min(fileSize, overflow ? fileSize : expected))
        }
        return byName.map {
            Safetensors.Entry(
                name: $0.name, type: $0.type, shape: $0.shape, offset: dataStart + $0.begin,
                byteCount: $0.end - $0.begin)
        }
    }

    /// Bytes that type and shape need.
    private func byteCount(of entry: SafetensorsHeader.Entry) throws(SafetensorsError) -> Int {
        // Dimensions of 0 are left out at first: then no order of multiplication overflows, that of strides included.
        var positive = 1
        for dimension in entry.shape where dimension > 0 {
            let (product, overflow) = positive.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw failure(.elementCount, entry, "fewer than 2^63 elements", found: "\(entry.shape)")
            }
            positive = product
        }
        let (bits, overflow) = positive.multipliedReportingOverflow(by: entry.type.bitCount)
        guard !overflow else {
            throw failure(
                .byteCount, entry, "fewer than 2^60 bytes", found: "\(entry.type.rawValue) \(entry.shape)")
        }
        guard !entry.shape.contains(0) else { return 0 }
        guard bits % 8 == 0 else {
            throw failure(
                .byteCount, entry, "a whole number of bytes", found: "\(bits) bits for \(entry.type.rawValue)")
        }
        return bits / 8
    }

    /// Sorted; writers mostly leave nothing to do.
    private func sorted(
        _ entries: [SafetensorsHeader.Entry], by precedes: (SafetensorsHeader.Entry, SafetensorsHeader.Entry) -> Bool
    ) -> [SafetensorsHeader.Entry] {
        zip(entries, entries.dropFirst()).contains { precedes($1, $0) } ? entries.sorted(by: precedes) : entries
    }

    private func failure(
        _ rule: SafetensorsError.Rule, _ entry: SafetensorsHeader.Entry, _ expected: String, found: String
    ) -> SafetensorsError {
        SafetensorsError(
            file: file, rule: rule, tensor: entry.name, expected: expected, found: found, offset: entry.place)
    }
}
