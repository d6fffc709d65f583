import GLiClass
import ModelCore
import TestSupport
import Testing

/// Many texts at once: the same answers as one by one, to the bit, in order.
@Suite struct SchedulerTests {
  private func requests() throws -> [ClassificationRequest] {
    let lines = try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")).prefix(40)
    var requests = lines.map { ClassificationRequest(text: $0.text, labels: $0.labels) }
    // Mixed with everything that a request may be.
    requests[3].options.labelsPerPass = 2
    requests[5].options.chunking = .tokens(size: 20, overlap: 4)
    requests[7].options.returnsEmbeddings = true
    requests[9].mode = .singleLabel
    requests[11].text = ""
    requests[13].text = String(repeating: "a long text ", count: 500)
    requests[17].options = ClassificationOptions(maximumLength: 200, chunking: .reference(size: 100, overlap: 10))
    return requests
  }

  @Test(arguments: [1, 2, 5]) func sameBitsAsOneByOne(_ threads: Int) throws {
    let model = try Converted.model("debian-tags-f16", .q8)
    let session = try model.makeSession(options: .init(threads: 1))
    let requests = try requests()
    let alone = try requests.map { try session.classify([$0])[0] }
    let scheduler = try ClassificationScheduler(model: model, options: .init(threads: threads))
    #expect(scheduler.threadCount == threads)
    for _ in 0..<2 {
      let together = try scheduler.classify(requests).map { try $0.get() }
      #expect(together == alone)
    }
    for index in [0, 5, 13] {
      let result = try scheduler.classify([requests[index]])[0].get()
      #expect(result == alone[index])
    }
    #expect(scheduler.classify([]).isEmpty)
  }

  @Test(arguments: [1, 3]) func anErrorIsItsRequestsOnly(_ threads: Int) throws {
    let model = try Converted.model("debian-tags-f16", .q8)
    let scheduler = try ClassificationScheduler(model: model, options: .init(threads: threads))
    var requests = try requests()
    requests[2].labels = LabelSet(["a", "a"])
    requests[8].options.labelsPerPass = 0
    requests[20].mode = .multiLabel(threshold: 2)
    let results = scheduler.classify(requests)
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let classification):
        #expect(![2, 8, 20].contains(index) && classification.text == requests[index].text)
      case .failure: #expect([2, 8, 20].contains(index))
      }
    }
  }

  @Test func invalidThreadCount() throws {
    let model = try Converted.model("debian-tags-f16", .q8)
    let error = thrown(GLiClassError.self) { try ClassificationScheduler(model: model, options: .init(threads: 0)) }
    #expect(error?.exitStatus == .usage)
  }
}
