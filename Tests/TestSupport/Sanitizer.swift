import Foundation

/// Whether the tests run under a sanitizer, which `Scripts/sanitize.sh` says by `ZOO_SANITIZER`.
///
/// A sanitizer keeps memory of its own, several times that of the program, and what was freed: how much memory a
/// process takes then says nothing about the program.
public let memoryIsMeasurable = ProcessInfo.processInfo.environment["ZOO_SANITIZER"] == nil
