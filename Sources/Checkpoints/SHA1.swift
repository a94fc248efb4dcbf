import CLibMD

/// SHA-1 (FIPS 180-4), by the system's libmd: what git names its blobs by. It tells damage, it does not withstand
/// forgery.
package struct SHA1: Sendable {
    private var context = SHA1_CTX()

    /// A hash of nothing yet.
    package init() { SHA1Init(&context) }

    /// Takes in more bytes.
    package mutating func update(_ bytes: [UInt8]) {
        SHA1Update(&context, bytes, bytes.count)
    }

    /// The hash of all that was taken in, in 40 lower-case hexadecimal digits; more may follow.
    package func hexadecimal() -> String {
        var context = context
        var result = [UInt8](repeating: 0, count: Int(SHA1_DIGEST_LENGTH))
        SHA1Final(&result, &context)
        return result.hexadecimal
    }
}
