import CPlatform
import Testing

/// Every mapping that a program can have at once is guarded: an unguarded one would end the process with a signal when its
/// file is shortened.
@Suite struct GuardSlotTests {
  @Test func everyMappingIsGuarded() {
    // Ranges in the page at 0, which no mapping can have.
    let slots = (0..<1000).map { _ in glcp_guard_register(UnsafeRawPointer(bitPattern: 64), 1) }
    defer { for slot in slots { glcp_guard_unregister(slot) } }
    #expect(slots.allSatisfy { $0 >= 0 })
    #expect(Set(slots).count == slots.count)
    #expect(slots.allSatisfy { glcp_guard_damaged($0) == 0 })
  }

  @Test func slotsOutsideTheTable() {
    for slot in [-1, Int32.min, Int32.max] {
      #expect(glcp_guard_damaged(slot) == 0)
      glcp_guard_unregister(slot)
    }
  }

  @Test func processors() {
    #expect(glcp_available_processors() >= 1)
  }
}
