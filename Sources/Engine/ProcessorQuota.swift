import Glibc

/// How much processor time control groups leave to this process (cgroups(7); `cpu.max` of version 2, `cpu.cfs_quota_us` of
/// version 1): a container with a quota sees all processors of its machine.
package struct ProcessorQuota {
  private let root: String

  /// - Parameter root: what stands before the system's paths; empty but in tests.
  package init(root: String = "") { self.root = root }

  /// The smallest quota of the process's groups and all groups around them, in processors, rounded up; `nil` where there is
  /// none, or the system does not say.
  package var processors: Int? {
    let mounts = lines("/proc/self/mountinfo").compactMap(Mount.init)
    var smallest: Int?
    for group in lines("/proc/self/cgroup").compactMap(Group.init) {
      guard let mount = mounts.last(where: { group.isIn($0) }), let path = mount.path(of: group) else { continue }
      var folder = path[...]
      while true {
        let found = group.isUnified ? unified(mount.point + folder) : legacy(mount.point + folder)
        if let found { smallest = min(smallest ?? found, found) }
        guard let slash = folder.lastIndex(of: "/") else { break }
        folder = folder[..<slash]
      }
    }
    return smallest
  }

  /// `200000 100000`: microseconds in every period of so many, or `max 100000`.
  private func unified(_ folder: String) -> Int? {
    let numbers = lines("\(folder)/cpu.max").first?.split(separator: " ").map { Int($0) }
    guard let numbers, numbers.count == 2 else { return nil }
    return Self.processors(quota: numbers[0], period: numbers[1])
  }

  /// The same in two files; no quota is −1.
  private func legacy(_ folder: String) -> Int? {
    func number(_ name: String) -> Int? { lines("\(folder)/\(name)").first.flatMap { Int($0) } }
    return Self.processors(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
  }

  private static func processors(quota: Int?, period: Int?) -> Int? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return max(1, quota / period + (quota % period > 0 ? 1 : 0))
  }

  /// The lines of a small file; none where it cannot be read.
  private func lines(_ path: String) -> [String] {
    guard let file = fopen(root + path, "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = fread(&block, 1, block.count, file)
      if count == 0 { break }
      bytes += block[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// A line of /proc/self/cgroup: `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1.
private struct Group {
  let isUnified: Bool
  let path: String

  /// `nil` where the hierarchy does not divide processor time.
  init?(_ line: String) {
    let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard fields.count == 3 else { return nil }
    isUnified = fields[0] == "0" && fields[1].isEmpty
    guard isUnified || fields[1].split(separator: ",").contains("cpu") else { return nil }
    path = String(fields[2])
  }

  func isIn(_ mount: Mount) -> Bool { mount.isUnified == isUnified }
}

/// Where a hierarchy is mounted (proc(5), /proc/self/mountinfo), without the slash at the end.
private struct Mount {
  let isUnified: Bool
  /// The group that is mounted, and where.
  let group: String
  let point: String

  /// `nil` for all other mounts.
  init?(_ line: String) {
    // 36 35 98:0 /group /mount/point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct
    let fields = line.split(separator: " ")
    guard fields.count > 6, let dash = fields.firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
    switch fields[dash + 1] {
    case "cgroup2": isUnified = true
    case "cgroup" where fields[dash + 3].split(separator: ",").contains("cpu"): isUnified = false
    default: return nil
    }
    group = fields[3] == "/" ? "" : String(fields[3])
    point = String(fields[4])
  }

  /// The way from the mount's point to the folder of `group`; nowhere but at the point itself for a group that is not below it.
  func path(of group: Group) -> String? {
    let path = group.path == "/" ? "" : group.path
    guard path == self.group || path.hasPrefix(self.group + "/"), !path.contains("/..") else { return "" }
    return String(path.dropFirst(self.group.count))
  }
}
