import Checkpoints
import Conversion
import TestSupport
import Testing

/// Every tensor of a checkpoint with every option has a place, whatever the options.
@Suite struct VariantMappingTests {
  @Test(arguments: Variants.names) func everyTensorHasAPlace(_ name: String) throws {
    let checkpoint = try Checkpoint.open(Variants.folder(name))
    let mapping = try TensorMapping(checkpoint)
    let used = Set(mapping.rows.map(\.view.name)).union(mapping.projected.map(\.name))
    let unread = Set(mapping.unread.map(\.name))
    #expect(used.isDisjoint(with: unread) && used.union(unread) == Set(checkpoint.tensors.map(\.name)))
    #expect(Set(mapping.rows.map(\.row.name)).count == mapping.rows.count)
    #expect(unread.contains("model.logit_scale") != checkpoint.configuration.head.normalizesFeatures)
  }
}
