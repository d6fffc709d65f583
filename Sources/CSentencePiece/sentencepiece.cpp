#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <cstring>
#include <exception>
#include <string>
#include <vector>

struct glcs_model {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {
void set_reason(char *reason, size_t size, const char *text) {
  std::strncpy(reason, text, size - 1);
  reason[size - 1] = '\0';
}
}  // namespace

glcs_model *glcs_open(const void *bytes, size_t size, char *reason, size_t reason_size) {
  glcs_model *model = nullptr;
  try {
    model = new glcs_model;
    const auto status =
        model->processor.LoadFromSerializedProto(absl::string_view(static_cast<const char *>(bytes), size));
    if (status.ok()) return model;
    set_reason(reason, reason_size, status.ToString().c_str());
  } catch (const std::exception &error) {
    set_reason(reason, reason_size, error.what());
  } catch (...) {
    set_reason(reason, reason_size, "unknown C++ exception");
  }
  delete model;
  return nullptr;
}

void glcs_close(glcs_model *model) { delete model; }

int32_t glcs_piece_count(const glcs_model *model) { return model->processor.GetPieceSize(); }

int32_t glcs_unknown_id(const glcs_model *model) { return model->processor.unk_id(); }

int glcs_piece(const glcs_model *model, int32_t id, const char **text, size_t *size, float *score, int *kind) {
  try {
    const auto &processor = model->processor;
    if (id < 0 || id >= processor.GetPieceSize()) return -1;
    const std::string &piece = processor.IdToPiece(id);
    *text = piece.data();
    *size = piece.size();
    *score = processor.GetScore(id);
    *kind = processor.IsUnknown(id)   ? GLCS_UNKNOWN
            : processor.IsControl(id) ? GLCS_CONTROL
            : processor.IsUnused(id)  ? GLCS_UNUSED
            : processor.IsByte(id)    ? GLCS_BYTE
                                      : GLCS_NORMAL;
    return 0;
  } catch (...) {
    return -1;
  }
}

int64_t glcs_encode(const glcs_model *model, const char *text, size_t size, int32_t *ids, size_t capacity) {
  try {
    std::vector<int> found;
    const auto status = model->processor.Encode(absl::string_view(text, size), &found);
    if (!status.ok()) return -1;
    for (size_t i = 0; i < found.size() && i < capacity; ++i) ids[i] = found[i];
    return static_cast<int64_t>(found.size());
  } catch (...) {
    return -1;
  }
}
