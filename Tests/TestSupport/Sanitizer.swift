import Foundation

/// Whether the tests run under a sanitizer, which `Scripts/sanitize.sh` says by `ZOO_SANITIZER`.
public let isSanitized = ProcessInfo.processInfo.environment["ZOO_SANITIZER"] != nil

/// Whether time and memory can be measured: not under a sanitizer.
///
/// A sanitizer keeps memory of its own, several times that of the program, and what was freed, and its checks take time
/// that grows in its own way: what a process takes then says nothing about the program.
public let costsAreMeasurable = !isSanitized
