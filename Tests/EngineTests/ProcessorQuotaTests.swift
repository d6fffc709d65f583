import Engine
import Foundation
import TestSupport
import Testing

/// Quotas of control groups, in trees made for it.
@Suite struct ProcessorQuotaTests {
  private static let unified = "30 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
  private static let legacy =
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct"

  /// What is found with these files below the root.
  private static func processors(_ groups: String, _ mounts: String, _ files: [String: String] = [:]) throws -> Int? {
    let folder = try TemporaryFolder()
    var all = ["/proc/self/cgroup": groups, "/proc/self/mountinfo": mounts]
    for (name, text) in files { all["/sys/fs/cgroup/\(name)"] = text }
    for (path, text) in all {
      let url = URL(filePath: folder.path + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: url)
    }
    return ProcessorQuota(root: folder.path).processors
  }

  @Test(arguments: [
    ("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("50000 20000", 3), ("max 100000", nil),
    ("", nil), ("0 100000", nil), ("100000 0", nil), ("many 100000", nil), ("9223372036854775807 1", Int.max),
  ])
  func quotaOfVersion2(_ text: String, _ expected: Int?) throws {
    #expect(try Self.processors("0::/a", Self.unified, ["a/cpu.max": text]) == expected)
  }

  @Test func theSmallestOfAllGroupsAboveCounts() throws {
    let files = ["a/b/c/cpu.max": "max 100000", "a/b/cpu.max": "300000 100000", "a/cpu.max": "400000 100000"]
    #expect(try Self.processors("0::/a/b/c", Self.unified, files) == 3)
    #expect(try Self.processors("0::/a/b/c", Self.unified, files.merging(["a/cpu.max": "50000 100000"]) { $1 }) == 1)
    #expect(try Self.processors("0::/a", Self.unified, files) == 4)
    // A group whose own folder is not there, as below the group of a container.
    #expect(try Self.processors("0::/a/x/y", Self.unified, files) == 4)
  }

  @Test func quotaOfVersion1() throws {
    let groups = "9:memory:/other\n4:cpu,cpuacct:/docker/7\n0::/"
    func found(_ quota: String, _ period: String, in folder: String = "cpu,cpuacct/docker/7") throws -> Int? {
      try Self.processors(
        groups, "\(Self.legacy)\n\(Self.unified)",
        ["\(folder)/cpu.cfs_quota_us": quota, "\(folder)/cpu.cfs_period_us": period])
    }
    #expect(try found("250000", "100000") == 3)
    #expect(try found("-1", "100000") == nil)
    #expect(try found("250000", "100000", in: "cpu,cpuacct/docker") == 3)
    #expect(try found("250000", "100000", in: "cpu,cpuacct") == 3)
    #expect(try found("250000", "100000", in: "memory/docker/7") == nil)
  }

  /// A container without a namespace for groups sees its own group mounted, and its path from the machine's root.
  @Test func aMountedGroupIsNotLookedForTwice() throws {
    let mount = "30 23 0:28 /docker/7 /sys/fs/cgroup ro - cgroup2 cgroup ro"
    #expect(try Self.processors("0::/docker/7", mount, ["cpu.max": "200000 100000"]) == 2)
    #expect(try Self.processors("0::/docker/7/in", mount, ["in/cpu.max": "100000 100000"]) == 1)
    #expect(try Self.processors("0::/../elsewhere", mount, ["cpu.max": "200000 100000"]) == 2)
  }

  @Test func nothingIsFoundWhereNothingIs() throws {
    #expect(ProcessorQuota(root: "/nowhere").processors == nil)
    #expect(try Self.processors("", "") == nil)
    #expect(try Self.processors("nonsense\n0:\n::::", "- - -\n1 2 3 4 5 6 7 8\n \(Self.unified)") == nil)
    #expect(ProcessorQuota().processors.map { $0 >= 1 } ?? true)
  }
}
