import CKernels
import Testing

@Suite struct DispatchTests {
  @Test func scalarIsFirstAndAlwaysThere() throws {
    #expect(InstructionSet.names.first == "scalar")
    #expect(glck_kernels_at(0) != nil)
    #expect(glck_kernels_at(glck_kernels_count()) == nil)
    #expect(glck_kernels_name(glck_kernels_count()) == nil)
    #expect(Set(InstructionSet.names).count == InstructionSet.names.count)
  }

  @Test func theBestIsTheLastThatRuns() throws {
    let best = try #require(glck_kernels_best())
    let last = try #require(InstructionSet.available.last)
    #expect(String(cString: best.pointee.name) == last.name)
  }

  @Test func reportsWhatRan() {
    let ran = InstructionSet.available.map(\.name)
    let missing = InstructionSet.names.filter { !ran.contains($0) }
    print("CKernels: tested \(ran.joined(separator: ", "))", terminator: "")
    print(missing.isEmpty ? "" : "; this machine cannot run \(missing.joined(separator: ", "))")
  }

  @Test func tablesAreComplete() throws {
    for set in InstructionSet.available {
      let k = try set.kernels()
      #expect(String(cString: k.name) == set.name)
      #expect(k.product_s8 != nil && k.product_f32 != nil && k.quantize != nil && k.layer_norm != nil)
      #expect(k.relative_softmax != nil && k.divide_rows != nil && k.widen_row != nil && k.widen_panel != nil)
      #expect(
        k.pack_panels != nil && k.dot != nil && k.exp_rows != nil && k.activate_rows != nil && k.add_scaled != nil)
      #expect(k.project_f64 != nil && k.channel_sums != nil && k.unpack_tiles != nil)
      #expect(k.widen_row_s4 != nil && k.widen_floats != nil)
      #expect(k.int8_limit != nil && k.f32_limit != nil)
    }
  }

  @Test(arguments: InstructionSet.available) func limitsCountWhatTheyDo(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for limit in [kernels.int8_limit, kernels.f32_limit] {
      let limit = try #require(limit)
      let one = limit(1)
      #expect(limit(0) == 0 && one >= 16 && one % 16 == 0)
      #expect(limit(1000) == 1000 * one)
    }
  }

  @Test func environmentIsSetAndRestored() {
    let before = glck_enter()
    let inside = glck_enter()
    glck_leave(inside)
    #if arch(x86_64)
      #expect(inside & 0xFFC0 == 0x1F80)
    #else
      #expect(inside == 0)
    #endif
    glck_leave(before)
    let after = glck_enter()
    glck_leave(after)
    #expect(after & ~0x3F == before & ~0x3F)
  }
}
