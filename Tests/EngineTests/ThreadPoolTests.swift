import Engine
import Testing

@Suite struct ThreadPoolTests {
  /// What a pool's threads are handed here.
  private struct Sums {
    let numbers: UnsafeMutablePointer<Int>
    let calls: UnsafeMutablePointer<Int>
  }

  /// Every item is handed out once, in shares that follow each other, many steps after another.
  @Test(arguments: [1, 2, 3, 7])
  func itemsAreDividedOnce(_ threads: Int) {
    let pool = ThreadPool(count: threads, leastShare: 0)
    #expect(pool.count == threads)
    let sums = Sums(numbers: .allocate(capacity: 100), calls: .allocate(capacity: threads))
    defer {
      sums.numbers.deallocate()
      sums.calls.deallocate()
    }
    for round in 1...200 {
      let items = round % 23
      sums.numbers.update(repeating: 0, count: 100)
      sums.calls.update(repeating: 0, count: threads)
      pool.split(items, work: 0, sums) { sums, thread, range in
        sums.calls[thread] += 1
        for item in range { sums.numbers[item] += 1 + thread }
      }
      let found = Array(UnsafeBufferPointer(start: sums.numbers, count: items))
      #expect(found == found.sorted() && found.allSatisfy { $0 >= 1 })
      let calls = UnsafeBufferPointer(start: sums.calls, count: threads).reduce(0, +)
      #expect(calls == min(items, threads))
    }
  }

  @Test func littleWorkStaysWithTheCaller() {
    let pool = ThreadPool(count: 2, leastShare: 1000)
    let calls = UnsafeMutablePointer<Int>.allocate(capacity: 2)
    defer { calls.deallocate() }
    for (work, expected) in [(0, [1, 0]), (1999, [1, 0]), (2000, [1, 1]), (1_000_000, [1, 1])] {
      calls.update(repeating: 0, count: 2)
      pool.split(2, work: work, calls) { calls, thread, _ in calls[thread] += 1 }
      #expect([calls[0], calls[1]] == expected, "\(work)")
    }
  }

  /// Threads that slept are woken; pools end with threads asleep, awake, or never used.
  @Test func threadsWakeAndEnd() async throws {
    for pause in [0, 200_000, 2_000_000] {
      let pool = ThreadPool(count: 3, leastShare: 0)
      let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 3)
      numbers.update(repeating: 0, count: 3)
      defer { numbers.deallocate() }
      for _ in 0..<5 {
        pool.run(threads: 3, numbers) { $0[$1] += 1 }
        try await Task.sleep(nanoseconds: UInt64(pause))
      }
      #expect((0..<3).allSatisfy { numbers[$0] == 5 })
    }
    _ = ThreadPool(count: 4, leastShare: 0)
  }
}
