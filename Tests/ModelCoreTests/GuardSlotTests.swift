import CPlatform
import Testing

/// formats and checkpoints come in shards: nothing limits how many files are mapped at once, so nothing may limit how many
/// are guarded. (An unguarded one ends the process with a signal when it is shortened.)
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
