import Glibc

/// The target that this process runs: the one its name asks for, `zoo-fuzz-NAME`.
private nonisolated(unsafe) var running: Target?

/// Called by libFuzzer once, before the first input.
@c(LLVMFuzzerInitialize)
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    let path = words?.pointee?.pointee.map { String(cString: $0) } ?? ""
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    running = Target.all.first { "zoo-fuzz-\($0.name)" == name }
    guard running != nil else {
        print("Link this program as zoo-fuzz-NAME, with a NAME of: \(Target.all.map(\.name).joined(separator: " "))")
        exit(64)
    }
    return 0
}

/// Called by libFuzzer with each input. What is reported as a finding is a trap, and what the sanitizers see.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do {
        try running?.run(bytes)
    } catch {
        // Refusing an input is right; the sentence that says why must be there, too.
        require(!"\(error)".isEmpty, "an error without words")
    }
    return 0
}

/// Ends the process where something does not hold that must hold for any input.
func require(_ condition: Bool, _ words: @autoclosure () -> String) {
    guard !condition else { return }
    fatalError(words())
}
