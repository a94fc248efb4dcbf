import Foundation

/// Whether time and memory can be measured: not under a sanitizer, which `Scripts/sanitize.sh` says by `ZOO_SANITIZER`.
///
/// A sanitizer keeps memory of its own, several times that of the program, and what was freed, and its checks take time
/// that grows in its own way: what a process takes then says nothing about the program.
public let costsAreMeasurable = ProcessInfo.processInfo.environment["ZOO_SANITIZER"] == nil
